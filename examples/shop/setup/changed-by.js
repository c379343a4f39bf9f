// Prints the id of the deployment in a `dbsync deploy --json` report if it was released and changed
// something; nothing otherwise. Undoing "the newest" instead could undo an older, good release.
const { readFileSync } = require("node:fs");

let report = {};
try {
  report = JSON.parse(readFileSync(process.argv[2], "utf8"));
} catch {
  // No report: the step was killed before it wrote one, and dbsync's journal has put that right.
}
const applied = report.migration?.applied_migrations ?? [];
if (report.ok && applied.length > 0) console.log(report.deployment);
