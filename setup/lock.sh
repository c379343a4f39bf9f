#!/bin/sh
# Resolve requirements/*.in anew into exact versions and hashes, naming no download address.
set -eu
cd "$(dirname "$0")/.."
. setup/uv.sh
"$UV" pip compile --quiet --upgrade --generate-hashes --universal --python-version 3.11 \
    --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
    requirements/dev.in -o requirements/lock.txt
