// A small application with a real Prisma Client; behaviour.json says what is wrong with a release.
const http = require("http");
const { PrismaMariaDb } = require("@prisma/adapter-mariadb");
const { PrismaClient } = require("./generated/client");
const behaviour = require("./behaviour.json");
const { commit } = require("./.dbsync-release.json");

process.loadEnvFile(".env");
const url = new URL(process.env.DATABASE_URL);
const prisma = new PrismaClient({
  adapter: new PrismaMariaDb({
    host: url.hostname,
    port: Number(url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
    connectionLimit: 2,
    allowPublicKeyRetrieval: true,
  }),
});

let answers = 0;

async function answer(request, response) {
  if (behaviour.body) return response.end(behaviour.body);
  if (behaviour.hang) return;
  if (behaviour.redirect) return response.writeHead(302, { Location: behaviour.redirect }).end();
  // Of dbsync's own questions every other: whoever else asks must not make its answers three in a row.
  if (behaviour.flap && request.headers["user-agent"] === "dbsync" && answers++ % 2)
    return response.writeHead(503).end();
  try {
    const users = await prisma.user.count();
    response.setHeader("Content-Type", "application/json");
    response.end(JSON.stringify({ status: "ok", commit, users }));
  } catch (error) {
    response.statusCode = 503;
    response.end(JSON.stringify({ status: "database" }));
  }
}

if (behaviour.crash) setTimeout(() => process.exit(1), 200);
setTimeout(
  () => http.createServer(answer).listen(Number(process.env.PORT), "127.0.0.1"),
  (behaviour.slowSeconds || 0) * 1000,
);
