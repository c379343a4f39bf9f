// Written by dbsync. PM2 keeps folder and script of an application's first start; a folder that is a
// link is resolved anew by every process it starts, so a reload after a switch runs the new release.
const fs = require("fs");
const path = require("path");
const { folder, names, ecosystem, readySeconds } = JSON.parse(fs.readFileSync(path.join(__dirname, "dbsync.json"), "utf8"));
const current = path.join(folder, "current");
const { commit } = JSON.parse(fs.readFileSync(path.join(current, ".dbsync-release.json"), "utf8"));
const given = require(path.join(current, ecosystem));
const apps = [].concat(given.apps || given).filter((app) => names.includes(app.name));
for (const name of names) {
  if (!apps.some((app) => app.name === name)) throw new Error(`${ecosystem} has no application named ${name}`);
}
module.exports = {
  apps: apps.map((app) => ({
    // In cluster mode the old process serves until the new one listens, or until this is over.
    listen_timeout: readySeconds * 1000,
    ...app,
    cwd: path.join(current, path.isAbsolute(app.cwd || "") ? "" : app.cwd || ""),
    env: { ...app.env, APP_COMMIT: commit },
  })),
};
