#!/usr/bin/env bash
# Resident memory of a gateway that has started and decided one action, then idles.
# usage: bench/idle.sh BUILD_DIRECTORY
set -euo pipefail
build=$(readlink -f "$1")
scratch=$(mktemp -d)
export XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config XDG_RUNTIME_DIR=$scratch/run
mkdir -p "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR"
chmod 700 "$XDG_RUNTIME_DIR"
finish() {
    "$build/bin/countersign" gateway stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT
cd "$scratch"
"$build/bin/countersign" run --workspace "$scratch" -- /bin/true
pid=$("$build/bin/countersign" status --json | python3 -c 'import json,sys; print(json.load(sys.stdin)["pid"])')
awk '/^VmRSS|^RssAnon|^VmHWM/ {printf "%-8s %7.1f MiB\n", $1, $2 / 1024}' "/proc/$pid/status"
