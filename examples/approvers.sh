#!/bin/bash
# Two sample approvers without a screen: they look at what is held and answer as decisions.txt says,
# each with a key of their own, through the same `countersign approve` and `deny` that people use.
#
#     examples/approvers.sh [DECISIONS] [NAME...]      until it is told to stop (SIGTERM)
#
# Real approvers read what they sign. These stand for them where nobody sits at a terminal (CI).
set -u
decisions=${1:-$(dirname "$0")/decisions.txt}
shift
people=("$@")
[ ${#people[@]} -gt 0 ] || people=(alice bob)
declare -A answered=()

# answer_of TEXT: "approve alice,bob" of the first line whose pattern fits.
answer_of() {
    local text=$1 answer who pattern
    while read -r answer who pattern; do
        case $answer in '' | '#'*) continue ;; esac
        # shellcheck disable=SC2254  # the pattern is meant as one
        case $text in $pattern) printf '%s %s\n' "$answer" "$who"; return ;; esac
    done <"$decisions"
}

# One line "ID<tab>VOTES<tab>TEXT" per held action. On a pipe the table is not cut.
held() {
    countersign pending 2>/dev/null |
        awk -F '  +' 'NR > 1 { text = $7; for (i = 8; i <= NF; ++i) text = text "  " $i; print $1 "\t" $4 + 0 "\t" text }'
}

stop=0
trap 'stop=1' TERM INT
while [ "$stop" -eq 0 ]; do
    while IFS=$'\t' read -r id votes text; do
        read -r answer who < <(answer_of "$text") || continue
        if [ "$answer" = follow ]; then
            [ "$votes" -gt 0 ] || continue
            answer=approve
        fi
        for person in "${people[@]}"; do
            [ -z "${answered[$id/$person]:-}" ] || continue
            case ,$who, in *,"$person",*) ;; *) continue ;; esac
            answered[$id/$person]=1
            countersign "$answer" "$id" --as "$person" --comment 'as decisions.txt says' 2>/dev/null
        done
    done < <(held)
    read -r -t 0.1 <> <(:) || true # a pause that SIGTERM ends at once
done
