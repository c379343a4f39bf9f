#!/bin/sh
# The MySQL that private servers run on. Does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
stamp=.tools/mysql.stamp
if [ -z "${MYSQLD:-}" ] && [ -f "$stamp" ] && [ -e "$(cat "$stamp")" ]; then
    exit 0
fi
mkdir -p .tools
bin/dbsync mysql get
if [ -z "${MYSQLD:-}" ]; then
    bin/dbsync mysql get --json 2>/dev/null |
        .venv/bin/python -c 'import json, sys; print(json.load(sys.stdin)["path"])' >"$stamp.partial"
    mv "$stamp.partial" "$stamp"
fi
