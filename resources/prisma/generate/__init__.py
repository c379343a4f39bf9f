"""The next migration, written from the schema file as `prisma migrate dev --create-only` would."""
