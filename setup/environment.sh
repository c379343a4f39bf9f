#!/bin/sh
# The private environment .venv, exactly as requirements/lock.txt has it. Does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
stamp=.venv/lock.stamp
# The folder's own path is part of it: the scripts in .venv/bin name it, and it may have been moved.
if { echo "$PWD" && cat requirements/lock.txt; } | cmp -s - "$stamp" && .venv/bin/python -c ''; then
    exit 0
fi
mkdir -p .tools
. setup/uv.sh
echo "setup: Python packages into .venv ($(grep -c '^[a-z].*==' requirements/lock.txt), exact versions and hashes)"
"$UV" venv --quiet --clear --python "$PYTHON" .venv
# Byte-compiled at once: without that the first import of the validation library takes 9 s instead of 2.
VIRTUAL_ENV=$PWD/.venv "$UV" pip sync --quiet --require-hashes --compile-bytecode requirements/lock.txt
{ echo "$PWD" && cat requirements/lock.txt; } >"$stamp"
