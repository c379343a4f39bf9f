#!/bin/sh
# The private environment .venv, exactly as requirements/lock.txt has it. Does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/lock.stamp
if [ -f "$stamp" ] && cmp -s requirements/lock.txt "$stamp"; then
    exit 0
fi
. setup/uv.sh
echo "setup: Python packages into .venv ($(grep -c '^[a-z].*==' requirements/lock.txt) packages, versions and hashes locked)"
"$UV" venv --quiet --clear --no-python-downloads --python "$PYTHON" .venv
# Byte-compiled at once: without that the first import of the validation library takes 9 s instead of 2.
VIRTUAL_ENV=.venv "$UV" pip sync --quiet --require-hashes --compile-bytecode requirements/lock.txt
cp requirements/lock.txt "$stamp"
