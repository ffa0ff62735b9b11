#!/usr/bin/env bash
# Resident memory of a gateway that has started and decided one action, then idles.
# usage: bench/idle.sh BUILD_DIRECTORY
set -euo pipefail
build=$(readlink -f "$1")
# Not below /tmp: the jail has a /tmp of its own.
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}"
scratch=$(mktemp -d "${XDG_CACHE_HOME:-$HOME/.cache}/countersign-bench.XXXXXX")
export XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config XDG_RUNTIME_DIR=$scratch/run
mkdir -p "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
finish() {
    "$build/bin/countersign" gateway stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
cd /
mkdir "$scratch/w"
"$build/bin/countersign" run --workspace "$scratch/w" -- /bin/true
pid=$("$build/bin/countersign" status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["pid"])')
awk '/^VmRSS|^RssAnon|^VmHWM/ {printf "%-8s %7.1f MiB\n", $1, $2 / 1024}' "/proc/$pid/status"
