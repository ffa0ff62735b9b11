#!/usr/bin/env bash
# The bash front end (parsing; parsing and resolving) against shfmt's parser and tree-sitter-bash
# (parsing alone), in their own processes, one after the other in each round, on the same texts.
# usage: bench/shell.sh BUILD_DIRECTORY [ROUNDS]
set -euo pipefail
build=$(readlink -f "$1")
rounds=${2:-15}
here=$(dirname "$(readlink -f "$0")")
data=$here/../../shared/data/agent_mini_swe_terminal_bench.jsonl
peers=$build/peers/shell
bench=$build/bench/bench_shell
mkdir -p "$peers"

# The grammar of ABI 14, which Debian's library reads; scanner and parser are compiled as they are.
if [ ! -x "$peers/tree_sitter" ]; then
    (cd "$peers" && npm pack --silent tree-sitter-bash@0.23.3 >/dev/null && tar xzf tree-sitter-bash-*.tgz)
    gcc -O2 -w -I "$peers/package/src" -o "$peers/tree_sitter" "$here/peers/shell/tree_sitter.c" \
        "$peers"/package/src/{parser,scanner}.c -ltree-sitter
fi
if [ ! -x "$peers/shfmt" ]; then
    GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS= /usr/lib/go-1.19/bin/go build \
        -o "$peers/shfmt" "$here/peers/shell/shfmt.go"
fi

[ -f "$data" ] || { echo "bench shell: the shared data is absent; sizes only" >&2; exec "$bench" sizes; }
python3 - "$data" "$peers/texts" <<'P'
import json, sys
with open(sys.argv[2], "wb") as out:
    for line in open(sys.argv[1]):
        text = json.loads(line)["cmd"].encode()
        out.write(b"%d\n%s" % (len(text), text))
P

for ((i = 0; i < rounds; i++)); do
    "$bench" pass "$peers/texts"
    "$peers/shfmt" "$peers/texts"
    "$peers/tree_sitter" "$peers/texts"
done | python3 -c '
import os, statistics, sys
lines = [[int(x) for x in line.split()] for line in sys.stdin]
ours, shfmt, tree = lines[0::3], lines[1::3], lines[2::3]
path = sys.argv[1]
texts, data = 0, open(path, "rb").read()
size = at = 0
while at < len(data):
    end = data.index(b"\n", at)
    n = int(data[at:end])
    texts, size, at = texts + 1, size + n, end + 1 + n
runs = {"parse": [r[0] for r in ours], "parse and resolve": [r[1] for r in ours],
        "shfmt, parse": [r[0] for r in shfmt], "tree-sitter-bash, parse": [r[0] for r in tree]}
print(f"{texts} texts, {size} bytes, {len(ours)} rounds; without error: ours {ours[0][2]}, shfmt {shfmt[0][1]}, tree-sitter {tree[0][1]}")
for name, ns in runs.items():
    ns.sort()
    middle = statistics.median(ns)
    print(f"{name:26} median {middle / texts:9.0f} ns a text  {size * 1e3 / middle:7.1f} MB/s  (from {ns[0] / texts:.0f} to {ns[-1] / texts:.0f})")
for peer in ("shfmt, parse", "tree-sitter-bash, parse"):
    for own in ("parse", "parse and resolve"):
        ratios = sorted(p / o for p, o in zip([r[0] for r in (shfmt if "shfmt" in peer else tree)],
                                              [r[0 if own == "parse" else 1] for r in ours]))
        print(f"{peer} takes {statistics.median(ratios):.1f} times as long as our {own} (rounds: {ratios[0]:.1f} to {ratios[-1]:.1f})")
' "$peers/texts"
"$bench" long
"$bench" sizes
