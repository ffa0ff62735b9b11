#!/bin/bash
# Clang's thread-safety analysis over every file that knows a lock or a thread, as errors, and a
# canary that it must refuse. Not in the ordinary run, since the ordinary build needs no clang:
#
#     tests/threads/check.sh        also a part of ./dev tidy --clang
set -eu
cd "$(dirname "$0")/../.."
clang=${CLANG:-clang++-19}
command -v "$clang" >/dev/null || { echo "threads: $clang is missing" >&2; exit 1; }

check() { # FILE...
    "$clang" -std=c++20 -fsyntax-only -Isrc \
        -Wno-everything -Werror=thread-safety "$@"
}

mapfile -t files < <(grep -lE '"base/mutex.h"|std::(mutex|thread|condition_variable)' -r src --include='*.cc' --include='*.h' |
    sed 's/\.h$/.cc/' | sort -u | while read -r file; do [ -f "$file" ] && echo "$file"; done)
failures=0
for file in "${files[@]}"; do
    check "$file" || failures=$((failures + 1))
done
# A member that the analysis does not know as a lock guards nothing that it could check.
if grep -nE 'std::(mutex|recursive_mutex|shared_mutex) +\w+_;' -r src --include='*.cc' --include='*.h' | grep -v '^src/base/mutex.h:' | grep -v _test.cc; then
    echo "threads: use base/mutex.h" >&2
    failures=$((failures + 1))
fi
if check tests/threads/unguarded_canary.cc 2>/dev/null; then
    echo "threads: the canary was not noticed" >&2
    failures=$((failures + 1))
fi
echo "threads: ${#files[@]} files, $failures failures"
[ "$failures" -eq 0 ]
