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
    "$build/bin/countersign" gateway stop >/dev/null 2>&1 || true
    [ "${BENCH_SUDO:-0}" != 1 ] || rm -f "$drop_in"
    rm -rf "$scratch"
}
trap finish EXIT

if [ -x "$build/bin/countersign" ]; then
    # From the workspace, where an agent's own programs are. A person types the loop, and a rule knows
    # what it starts, so nobody is asked; each start is decided and recorded.
    cp "$cost/spawn_loop" "$cost/nothing" "$scratch/w/"
    "$build/bin/countersign" rules add --reason bench --match exact "$scratch/w/nothing" >/dev/null
    for ((i = 0; i < rounds; i++)); do
        native=$("${loop[@]}")
        (cd "$scratch/w" && exec "$build/bin/countersign" run --workspace "$scratch/w" -- \
            ./spawn_loop "$starts" ./nothing) >"$scratch/figure" 2>"$scratch/log" || tail -3 "$scratch/log"
        awk -v native="$native" -v run="$(tail -1 "$scratch/figure")" 'BEGIN {
            printf "native %s us, countersign run %s us, ratio %.2f\n", native, run, run / native }'
    done
fi

if [ "${BENCH_SUDO:-0}" = 1 ] && [ "$(id -u)" = 0 ] && command -v sudo >/dev/null; then
    printf 'Defaults!%s intercept, intercept_type=trace, !requiretty\nroot ALL=(ALL) NOPASSWD: ALL\n' \
        "$cost/spawn_loop" >"$drop_in"
    chmod 0440 "$drop_in"
    echo "sudo intercept (trace) $(sudo "${loop[@]}") us"
fi
