#!/usr/bin/env bash
# Unpacks a release archive where nothing else is and uses it as somebody would who has only that.
# usage: packaging/try_archive.sh ARCHIVE
set -euo pipefail
archive=$(realpath "$1")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place"/{unpacked,work,home,config,state,run}
chmod 700 "$place"/{config,state,run}
tar -xzf "$archive" -C "$place/unpacked" --strip-components=1
cd "$place/work"
clean() {
    env -i PATH="$place/unpacked/bin:/usr/bin:/bin" HOME="$place/home" XDG_CONFIG_HOME="$place/config" \
        XDG_STATE_HOME="$place/state" XDG_RUNTIME_DIR="$place/run" LANG=C.UTF-8 "$@"
}
clean countersign version
clean countersign check -- 'ls -la' >/dev/null
status=0
clean countersign check -- 'rm -rf /' >/dev/null || status=$?
[ "$status" -eq 10 ] || [ "$status" -eq 77 ] || { echo "check of rm -rf /: exit $status" >&2; exit 1; }
# The gateway starts by itself, runs something, and its record verifies.
clean countersign run --ask elsewhere -- ls >/dev/null 2>&1
clean countersign audit verify >/dev/null
clean countersign gateway stop >/dev/null
clean bash -c 'source "$0" && complete -p countersign >/dev/null' "$place/unpacked/share/bash-completion/completions/countersign"
grep -q '^\.TH COUNTERSIGN 1' "$place/unpacked/share/man/man1/countersign.1"
echo "the archive works on its own"
