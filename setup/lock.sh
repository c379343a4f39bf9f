#!/bin/sh
# Resolve requirements/*.in anew into exact versions and hashes, naming no download address.
set -eu
cd "$(dirname "$0")/.."
mkdir -p .tools
. setup/uv.sh
resolve() {
    "$UV" pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" "$1" -o "$2"
}
resolve requirements/dev.in requirements/lock.txt
resolve requirements/uv.in requirements/uv.txt
