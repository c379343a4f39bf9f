// Run in a release's folder: the application's own Prisma Client asks its database one question.
// Exit code 0: answered; 3: no client was found that can be asked; 1: it failed.
const fs = require("fs");
const path = require("path");
const { createRequire } = require("module");

const here = process.cwd();
const load = createRequire(path.join(here, "package.json"));

function ownEnvironment() {
  for (const line of fs.existsSync(".env") ? fs.readFileSync(".env", "utf8").split("\n") : []) {
    const found = /^\s*(?:export\s+)?DATABASE_URL\s*=\s*(.*?)\s*$/.exec(line);
    if (found) process.env.DATABASE_URL = found[1].replace(/^(["'])(.*)\1$/, "$2");
  }
}

function clientOf() {
  const places = [];
  for (const schema of ["prisma/schema.prisma", "schema.prisma"]) {
    if (!fs.existsSync(schema)) continue;
    for (const [, output] of fs.readFileSync(schema, "utf8").matchAll(/^\s*output\s*=\s*"([^"]+)"/gm)) {
      places.push(path.resolve(here, path.dirname(schema), output));
    }
  }
  for (const place of [...places, "@prisma/client"]) {
    try {
      const { PrismaClient } = load(place);
      if (PrismaClient) return PrismaClient;
    } catch (error) {
      if (!["MODULE_NOT_FOUND", "ERR_UNKNOWN_FILE_EXTENSION"].includes(error.code)) throw error;
    }
  }
  return null;
}

function adapterOf() {
  try {
    const { PrismaMariaDb } = load("@prisma/adapter-mariadb");
    const url = new URL(process.env.DATABASE_URL);
    return new PrismaMariaDb({
      host: url.hostname,
      port: Number(url.port || 3306),
      user: decodeURIComponent(url.username),
      password: decodeURIComponent(url.password),
      database: decodeURIComponent(url.pathname.slice(1)),
      connectionLimit: 1,
      connectTimeout: 10000,
      acquireTimeout: 10000,
      allowPublicKeyRetrieval: true,
    });
  } catch (error) {
    if (error.code === "MODULE_NOT_FOUND") return undefined;
    throw error;
  }
}

async function main() {
  ownEnvironment();
  const PrismaClient = clientOf();
  if (!PrismaClient) return 3;
  const adapter = adapterOf();
  const client = adapter ? new PrismaClient({ adapter }) : new PrismaClient();
  await client.$queryRawUnsafe("SELECT 1");
  await client.$disconnect();
  return 0;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    console.error(String((error && error.message) || error));
    process.exit(1);
  },
);
