// Prints the id of the deployment in a `dbsync join --json` report if it was released and changed
// something; nothing where the database is as before. Undoing "the newest" instead could undo an older,
// good release. Ends with 1 where the report tells neither: old code must not meet a schema nobody knows.
const { readFileSync } = require("node:fs");

let report = {};
try {
  report = JSON.parse(readFileSync(process.argv[2], "utf8"));
} catch {
  // No report: nobody could be asked, or the step was killed while it waited.
}
const outcome = report.outcome ?? report.error?.code;
if (outcome === "released") {
  // A deployment that was killed right behind its release has no list: then its rollback finds out.
  if (report.migration?.applied_migrations?.length !== 0) console.log(report.deployment);
} else if (!["rolled_back", "failed", "killed", "not-released"].includes(outcome)) {
  console.error(`how the deployment ended is not known (${outcome ?? "no report"}); see: dbsync status`);
  process.exitCode = 1;
}
