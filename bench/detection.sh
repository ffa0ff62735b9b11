#!/usr/bin/env bash
# What the default policy does with the labelled data, and beside it what two peers do with a fixed
# sample of the same rows. Usage: bench/detection.sh BUILD [DATA_DIR [ROWS_DIR]]
set -euo pipefail
build=$1
here=$(dirname "$(readlink -f "$0")")
data=${2:-$here/../../shared/data}
"$build/bench/bench_detection" "$data" "${3:-$build/detection-rows}"
[ -f "$data/gtfobins.jsonl" ] || exit 0
peers=$build/peers
mkdir -p "$peers"
cp "$here/peers/package.json" "$here/peers/package-lock.json" "$peers/"
[ -x "$peers/node_modules/@sheeki03/tirith-linux-x64/bin/tirith" ] ||
    (cd "$peers" && npm ci --silent --no-audit --no-fund)
node "$here/peers/detect.mjs" "$data" "$build/bin/countersign" "$peers"
