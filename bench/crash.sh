#!/usr/bin/env bash
# What a gateway keeps when it dies or its disk fails: SIGKILL at random moments under load, the n-th call to
# the disk failing for each n. Exit 1 when a promise was broken.
#
#   bench/crash.sh BUILD [ROUNDS] [STRIDE]      1000 rounds, each n
set -euo pipefail
build=$(readlink -f "$1")
here=$(dirname "$(readlink -f "$0")")
export COUNTERSIGN_TEST_GATEWAY=$build/bin/countersignd COUNTERSIGN_TEST_VERIFY=$build/tests/api_verify_log \
    COUNTERSIGN_BENCH_FAULTS=$build/bench/libbench_faults.so \
    COUNTERSIGN_BENCH_AUDIT=$build/bench/bench_audit
status=0
python3 "$here/crash/crash.py" kill "${2:-1000}" || status=1
python3 "$here/crash/crash.py" start || status=1
python3 "$here/crash/crash.py" faults "${3:-1}" || status=1
exit $status
