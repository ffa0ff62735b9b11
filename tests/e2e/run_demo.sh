#!/bin/bash
# Runs examples/demo.sh without a terminal and leaves its screen in the file OUT.
#
#     run_demo.sh SOURCE_DIR BIN_DIR OUT
set -u
export DEMO_PARENT=$(dirname "$3")
mkdir -p "$DEMO_PARENT"
timeout 120 "$1/examples/demo.sh" "$2" </dev/null >"$3" 2>&1
status=$?
[ "$status" -eq 0 ] || { cat "$3"; echo "demo.sh ended with status $status"; exit 1; }
