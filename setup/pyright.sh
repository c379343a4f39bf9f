#!/bin/sh
# Type checks. Checker and Node.js are packages of the lock: nothing is fetched at run time.
set -eu
cd "$(dirname "$0")/.."
export PYRIGHT_PYTHON_IGNORE_WARNINGS=1 PYRIGHT_PYTHON_GLOBAL_NODE=0
.venv/bin/pyright --level error >.venv/pyright.log 2>&1 || {
    cat .venv/pyright.log
    exit 1
}
