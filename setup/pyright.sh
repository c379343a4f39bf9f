#!/bin/sh
# Type checks. The checker is fetched once, in the version that the lock names, into .venv.
set -eu
cd "$(dirname "$0")/.."
export PYRIGHT_PYTHON_IGNORE_WARNINGS=1 PYRIGHT_PYTHON_CACHE_DIR="$PWD/.venv/pyright"
.venv/bin/pyright --level error > .venv/pyright.log 2>&1 || {
    cat .venv/pyright.log
    exit 1
}
