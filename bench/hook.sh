#!/usr/bin/env bash
# The Claude Code hook as a whole process, gateway warm, against cc-safety-net's on the same input.
# usage: bench/hook.sh BUILD_DIRECTORY [RUNS]
set -euo pipefail
build=$(readlink -f "$1")
runs=${2:-200}
here=$(dirname "$(readlink -f "$0")")
peers=$build/peers
mkdir -p "$peers"
cp "$here/peers/package.json" "$here/peers/package-lock.json" "$peers/"
[ -x "$peers/node_modules/.bin/cc-safety-net" ] || (cd "$peers" && npm ci --silent --no-audit --no-fund)

# Not below /tmp: the jail has a /tmp of its own.
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}"
scratch=$(mktemp -d "${XDG_CACHE_HOME:-$HOME/.cache}/countersign-bench.XXXXXX")
export XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config XDG_RUNTIME_DIR=$scratch/run
mkdir -p "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR" "$scratch/w"
chmod 700 "$XDG_RUNTIME_DIR"
finish() {
    "$build/bin/countersign" gateway stop >/dev/null 2>&1 || true
    rm -rf "$scratch"
}
trap finish EXIT

for command in 'git status' 'cd src && grep -rn "TODO" . | head -20'; do
    printf '{"session_id":"bench","cwd":"%s","hook_event_name":"PreToolUse","tool_name":"Bash","tool_input":{"command":"%s"}}\n' \
        "$scratch/w" "$(sed 's/"/\\"/g' <<<"$command")" >"$scratch/input"
    echo "PreToolUse: $command"
    "$build/bench/bench_alternate" "$runs" "$scratch/input" \
        "$build/bin/countersign" hook claude-code -- "$peers/node_modules/.bin/cc-safety-net" hook --claude-code
done
