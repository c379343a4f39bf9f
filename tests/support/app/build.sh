set -eu
# `prisma generate` needs no engine, but a file that it could start as one.
PRISMA_SCHEMA_ENGINE_BINARY=/bin/true CHECKPOINT_DISABLE=1 node_modules/.bin/prisma generate --no-hints
