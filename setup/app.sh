#!/bin/sh
# PM2, Prisma and its client for the tests of the application's release. Does nothing when they are there.
set -eu
cd "$(dirname "$0")/.."
source=tests/support/app
place=${DBSYNC_TOOLS:-.tools}/app
if cmp -s "$source/package-lock.json" "$place/lock.stamp"; then
    exit 0
fi
if ! command -v npm >/dev/null 2>&1; then
    echo "Node.js with npm was not found." >&2
    echo "  next: apt-get install nodejs npm" >&2
    exit 4
fi
echo "setup: PM2 and Prisma into $place, exact versions"
rm -rf "$place"
mkdir -p "$place"
cp "$source/package.json" "$source/package-lock.json" "$place/"
# Without scripts: Prisma's would download engines, which the client does not need.
(cd "$place" && npm ci --ignore-scripts --no-audit --no-fund --loglevel error)
cp "$source/package-lock.json" "$place/lock.stamp"
