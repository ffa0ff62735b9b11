#!/usr/bin/env bash
# The audit log beside an SQLite table with one transaction per record (WAL, synchronous=FULL), same disk.
#
#   bench/audit.sh BUILD [DIRECTORY] [RECORDS...]
set -euo pipefail
build=$1
directory=${2:-.}
shift $(($# > 1 ? 2 : 1))
# A process for each size, so that the memory of one says nothing about the next.
for records in "${@:-100000}"; do
    "$build/bench/bench_audit" "$directory" "$records"
done
exec python3 - "$directory" <<'PYTHON'
import os, sqlite3, sys, tempfile, time
with tempfile.TemporaryDirectory(dir=sys.argv[1]) as top:
    table = sqlite3.connect(os.path.join(top, "records"), isolation_level=None)
    table.execute("PRAGMA journal_mode=WAL")
    table.execute("PRAGMA synchronous=FULL")
    table.execute("CREATE TABLE record (seq INTEGER PRIMARY KEY, body TEXT)")
    times = []
    for seq in range(500):
        began = time.perf_counter()
        table.execute("INSERT INTO record VALUES (?, ?)", (seq, "x" * 850))
        times.append(time.perf_counter() - began)
    times.sort()
    print(f"SQLite, one transaction a record   {len(times) / sum(times):9.0f} records/s   p50 {times[250] * 1e6:.0f} us"
          f" p99 {times[495] * 1e6:.0f} us")
PYTHON
