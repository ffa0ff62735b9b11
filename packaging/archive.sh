#!/usr/bin/env bash
# Packs what a release ships: two programs, policies, man pages, completion, licence, papers.
# usage: packaging/archive.sh BUILD_DIRECTORY
set -euo pipefail
build=$1
version=$("$build/bin/countersign" version | awk '{print $2; exit}')
name="countersign-$version-$(uname -m)"
stage=dist/$name
rm -rf "$stage"
completions=$stage/share/bash-completion/completions
mkdir -p "$stage/bin" "$stage/share/man/man1" "$stage/share/doc/countersign" "$stage/share/countersign" "$completions"
install -m 755 "$build/bin/countersign" "$build/bin/countersignd" "$stage/bin/"
strip --strip-unneeded "$stage/bin/"*
cp -r policies "$stage/share/countersign/"
# As the program itself writes them, so that they cannot be of another version.
"$build/bin/countersign" help --man >"$stage/share/man/man1/countersign.1"
"$build/bin/countersign" help --completion bash >"$completions/countersign"
cp LICENSE README.md SECURITY.md CHANGELOG.md "$stage/share/doc/countersign/"
# Same inputs, same bytes: names sorted, times and owners fixed.
tar --sort=name --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner \
    -C dist -czf "dist/$name.tar.gz" "$name"
"$(dirname "$0")/try_archive.sh" "dist/$name.tar.gz"
(cd dist && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
echo "dist/$name.tar.gz"
