#!/bin/bash
# Checks a captured screen against expectations, one extended regular expression per line:
#
#     expect.sh SCREEN EXPECTATIONS
#
# A line "+ REGEX" must match some line of the screen, "- REGEX" none. Anything else is an error, so
# that a misspelt expectation cannot pass. Names every expectation that fails.
set -u
screen=$1 expectations=$2 failed=0 count=0
while IFS= read -r line; do
    case $line in
        '' | '#'*) continue ;;
        '+ '*) grep -Eq -- "${line#+ }" "$screen" || { echo "missing: ${line#+ }"; failed=1; } ;;
        '- '*) ! grep -Eq -- "${line#- }" "$screen" || { echo "unwanted: ${line#- }"; failed=1; } ;;
        *) echo "no expectation: $line"; failed=1 ;;
    esac
    count=$((count + 1))
done <"$expectations"
[ "$count" -gt 0 ] || { echo 'no expectations at all'; failed=1; }
exit "$failed"
