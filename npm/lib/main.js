'use strict';

const { findDbsync } = require('./find');
const { init } = require('./init');
const { run } = require('./run');

const NOT_FOUND = 4; // as dbsync's own "environment"

/** `dbsync-prisma init [--yes]`, or any dbsync command with its arguments. */
function main(args) {
  if (args[0] === 'init') {
    process.exitCode = init(args.slice(1), process.cwd());
    return;
  }
  handOn(args);
}

/** Any dbsync command with its arguments, `init` too. */
function handOn(args) {
  const found = findDbsync(process.cwd(), process.env);
  if (!found.program) {
    process.stderr.write(
      `✗ dbsync was not found\n  where: ${found.looked.join('\n         ')}\n` +
        '  next:  export DBSYNC_HOME=/path/to/the/dbsync/checkout (or a line of .env)\n',
    );
    process.exitCode = NOT_FOUND;
    return;
  }
  run(found.program, args);
}

module.exports = { main, handOn };
