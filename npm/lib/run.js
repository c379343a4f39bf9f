'use strict';

const { spawn } = require('node:child_process');
const os = require('node:os');

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Run it on this process's own streams, and end as it ends. */
function run(program, args) {
  const child = spawn(program, args, { stdio: 'inherit' });
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // A terminal has sent Ctrl-C to dbsync too; a second one would interrupt its rollback.
      if (signal === 'SIGINT' && process.stdin.isTTY) return;
      child.kill(signal);
    });
  }
  child.on('error', (error) => {
    process.stderr.write(`✗ dbsync could not be started\n  where: ${program}\n  why:   ${error.message}\n`);
    process.exitCode = 4;
  });
  child.on('exit', (code, signal) => {
    process.exitCode = code === null ? 128 + os.constants.signals[signal] : code;
  });
}

module.exports = { run };
