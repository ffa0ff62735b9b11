#!/bin/bash
# What `./dev run` shows: the sample agent under `countersign run`, with a gateway, keys and files of
# its own in a temporary directory, so that nothing of yours is touched.
#
#     examples/demo.sh [DIRECTORY OF countersign AND countersignd]
#
# With a terminal the command asks you; without one two sample approvers answer (decisions.txt).
# KEEP=1 leaves the directory and the gateway for you to look at.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
PATH=$(cd "${1:-$here/../build/dev/bin}" && pwd):$PATH
# Not below /tmp: the agent gets a /tmp of its own, and would not even see what it tries to delete.
parent=${DEMO_PARENT:-${XDG_CACHE_HOME:-$HOME/.cache}}
mkdir -p "$parent"
scratch=$(mktemp -d "$parent/countersign-demo.XXXXXX")
# Sockets want short paths.
sockets=$(mktemp -d /tmp/countersign-demo.XXXXXX)
approvers=

finish() {
    status=$?
    if [ -n "$approvers" ]; then
        kill "$approvers" 2>/dev/null || true
        # Until it has ended: asking what is pending would start the gateway again.
        wait "$approvers" 2>/dev/null || true
    fi
    if [ "${KEEP:-0}" = 1 ]; then
        printf '\nkept: export XDG_CONFIG_HOME=%s XDG_STATE_HOME=%s XDG_RUNTIME_DIR=%s PATH=%s\n' \
            "$XDG_CONFIG_HOME" "$XDG_STATE_HOME" "$XDG_RUNTIME_DIR" "$PATH"
    else
        countersign gateway stop >/dev/null 2>&1 || true
        rm -rf "$scratch" "$sockets"
    fi
    exit "$status"
}
trap finish EXIT

export XDG_CONFIG_HOME=$scratch/config XDG_STATE_HOME=$scratch/state XDG_RUNTIME_DIR=$sockets
mkdir -p "$scratch/workspace" "$scratch/home/photos" "$scratch/home/.ssh" "$scratch/agent"
# A home for the agent to misbehave in.
echo 'a holiday' >"$scratch/home/photos/beach.txt"
echo 'not a real key' >"$scratch/home/.ssh/id_ed25519"
cp "$here/coding-agent.sh" "$scratch/agent/"
export HOME=$scratch/home
unset COUNTERSIGN_SESSION COUNTERSIGN_SOCKET

me=$(id -un)
for person in alice bob; do
    countersign keys new "$person" >/dev/null 2>&1
    countersign approver add "$person" >/dev/null
done

ask=elsewhere
if [ -t 0 ] && [ -t 2 ] && [ "${ASK:-here}" = here ]; then
    ask=here
    countersign keys new "$me" >/dev/null 2>&1
    countersign approver add "$me" >/dev/null
    # You decide; where more people are needed, the sample approvers follow you.
    "$here/approvers.sh" "$here/followers.txt" alice bob >"$scratch/approvers.log" &
else
    "$here/approvers.sh" "$here/decisions.txt" alice bob >"$scratch/approvers.log" &
fi
approvers=$!

status=0
countersign run --agent coding --name sample-agent --purpose 'add a small program with tests' \
    --workspace "$scratch/workspace" --ask "$ask" --as "$([ $ask = here ] && echo "$me" || echo alice)" \
    -- "$scratch/agent/coding-agent.sh" "$scratch/workspace" || status=$?

printf '\nThe record of it, verified from its files alone:\n'
countersign audit verify
[ -e "$scratch/home/photos/beach.txt" ] && echo 'The photos are still there.'
exit "$status"
