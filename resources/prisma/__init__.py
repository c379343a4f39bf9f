"""Prisma Migrate's behaviour on MySQL: history, runner, resolve, reset."""
