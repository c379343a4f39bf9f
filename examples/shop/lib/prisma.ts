import { PrismaClient } from "@prisma/client";

// One client per process: every further one opens a connection pool of its own.
const kept = globalThis as unknown as { prisma?: PrismaClient };

export const prisma = kept.prisma ?? new PrismaClient();

if (process.env.NODE_ENV !== "production") kept.prisma = prisma;
