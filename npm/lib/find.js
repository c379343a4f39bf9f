'use strict';

const fs = require('node:fs');
const path = require('node:path');

/**
 * Where the command of dbsync is: the checkout that DBSYNC_HOME names, in the environment or the
 * project's .env; a checkout in the project or beside it; the search path. A DBSYNC_HOME that is
 * wrong is never passed over for another one.
 *
 * @returns {{program: string|null, looked: string[]}}
 */
function findDbsync(project, environment) {
  const home = environment.DBSYNC_HOME || fromEnvFile(path.join(project, '.env'));
  if (home) {
    const named = path.resolve(project, home.replace(/^~(?=\/|$)/, environment.HOME || '~'), 'bin', 'dbsync');
    return { program: isProgram(named) ? named : null, looked: [`${named} (DBSYNC_HOME)`] };
  }
  const checkouts = [path.join(project, 'dbsync'), path.join(project, '..', 'dbsync')].map((folder) =>
    path.join(folder, 'bin', 'dbsync'),
  );
  // Not what some package of the application calls dbsync.
  const onPath = (environment.PATH || '')
    .split(path.delimiter)
    .filter((folder) => path.isAbsolute(folder) && !folder.split(path.sep).includes('node_modules'))
    .map((folder) => path.join(folder, 'dbsync'));
  const program = [...checkouts, ...onPath].find(isProgram) || null;
  return { program, looked: ['DBSYNC_HOME, which is not set', ...checkouts, 'every folder of PATH'] };
}

function isProgram(file) {
  try {
    fs.accessSync(file, fs.constants.X_OK);
    return fs.statSync(file).isFile();
  } catch {
    return false;
  }
}

/** One variable of a .env file; nothing else of it is read, and nothing handed on. */
function fromEnvFile(file) {
  let text;
  try {
    text = fs.readFileSync(file, 'utf8');
  } catch {
    return '';
  }
  const line = /^\s*(?:export\s+)?DBSYNC_HOME\s*=\s*(.*?)\s*$/m.exec(text);
  return line ? line[1].replace(/^(["'])(.*)\1$/, '$2') : '';
}

module.exports = { findDbsync };
