#!/usr/bin/env bash
# What a program start costs: natively, in the jail (gateway in the bench, which allows everything),
# under `countersign run` with the real gateway and its log, and under sudo's intercept.
# usage: bench/jail.sh BUILD_DIRECTORY [STARTS] [ROUNDS]
#
# sudo's part needs root, sudo 1.9.8 or newer and BENCH_SUDO=1, since it puts a file into
# /etc/sudoers.d while it runs.
set -euo pipefail
build=$(readlink -f "$1")
starts=${2:-3000}
rounds=${3:-3}
cost=$build/tests/cost
loop=("$cost/spawn_loop" "$starts" "$cost/nothing")

"$build/tests/jail_cost" "$starts" "$rounds" "$cost"

# Not below /tmp: the jail has a /tmp of its own.
mkdir -p "${XDG_CACHE_HOME:-$HOME/.cache}"
scratch=$(mktemp -d "${XDG_CACHE_HOME:-$HOME/.cache}/countersign-bench.XXXXXX")
export XDG_STATE_HOME=$scratch/state XDG_CONFIG_HOME=$scratch/config XDG_RUNTIME_DIR=$scratch/run
mkdir -p "$XDG_STATE_HOME" "$XDG_CONFIG_HOME" "$XDG_RUNTIME_DIR" "$scratch/w"
chmod 700 "$XDG_RUNTIME_DIR"
drop_in=/etc/sudoers.d/countersign-bench
finish() {
    [ -z "${approver:-}" ] || kill "$approver" 2>/dev/null || true
    "$build/bin/countersign" gateway stop >/dev/null 2>&1 || true
    [ "${BENCH_SUDO:-0}" != 1 ] || rm -f "$drop_in"
    rm -rf "$scratch"
}
trap finish EXIT

if [ -x "$build/bin/countersign" ]; then
    # From the workspace, where an agent's own programs are.
    cp "$cost/spawn_loop" "$cost/nothing" "$scratch/w/"
    inside=("$scratch/w/spawn_loop" "$starts" "$scratch/w/nothing")
    # A person answers the one question; the starts below are covered by that grant and recorded.
    PATH=$build/bin:$PATH
    countersign keys new bench >/dev/null 2>&1
    countersign approver add bench >/dev/null
    echo 'approve bench *' >"$scratch/decisions"
    "$(dirname "$(readlink -f "$0")")/../examples/approvers.sh" "$scratch/decisions" bench >/dev/null 2>&1 &
    approver=$!
    for ((i = 0; i < rounds; i++)); do
        echo "native $("${loop[@]}") us"
        "$build/bin/countersign" run --workspace "$scratch/w" -- \
            /bin/sh -c "${inside[*]} > figure" 2>"$scratch/log" || tail -3 "$scratch/log"
        echo "countersign run $(cat "$scratch/w/figure" 2>/dev/null || echo "not permitted")  us"
    done
fi

if [ "${BENCH_SUDO:-0}" = 1 ] && [ "$(id -u)" = 0 ] && command -v sudo >/dev/null; then
    printf 'Defaults!%s intercept, intercept_type=trace, !requiretty\nroot ALL=(ALL) NOPASSWD: ALL\n' \
        "$cost/spawn_loop" >"$drop_in"
    chmod 0440 "$drop_in"
    echo "sudo intercept (trace) $(sudo "${loop[@]}") us"
fi
