'use strict';

const fs = require('node:fs');
const path = require('node:path');
const { isDeepStrictEqual } = require('node:util');
/** What package.json gets: script → command. `dbsync init` writes these too. */
const SCRIPTS = require('./scripts.json');

const USAGE = 2;

/**
 * Add the scripts to package.json: shown first, written with --yes or once a person said so.
 * A script that is there already stays as it is. Returns the exit code.
 */
function init(args, project) {
  const wrong = args.filter((word) => word !== '--yes');
  if (wrong.length) return failed(`dbsync-prisma init takes --yes and nothing else, not ${wrong[0]}`, '');
  const file = path.join(project, 'package.json');
  let text;
  let known;
  try {
    text = fs.readFileSync(file, 'utf8');
    known = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    return failed(`package.json cannot be read: ${error.message}`, `type it where package.json is, not in ${project}`);
  }
  const scripts = (known && known.scripts) || {};
  const added = Object.entries(SCRIPTS).filter(([name]) => !(name in scripts));
  for (const [name, command] of Object.entries(SCRIPTS)) {
    if (name in scripts && scripts[name] !== command) {
      process.stdout.write(`  ${name} stays as it is: ${JSON.stringify(scripts[name])}\n`);
    }
  }
  if (!added.length) {
    process.stdout.write('package.json has every script already\n');
    return 0;
  }
  const changed = withScripts(text, added);
  if (changed === null) {
    return failed('package.json is written in a way that cannot be kept', 'add the scripts by hand, as npm/README.md shows');
  }
  process.stdout.write(`${file}\n`);
  for (const [name, command] of added) process.stdout.write(`+   ${JSON.stringify(name)}: ${JSON.stringify(command)}\n`);
  if (!args.includes('--yes') && !agreed()) {
    process.stdout.write('nothing was written; to write it: npx dbsync-prisma init --yes\n');
    return 0;
  }
  writeWhole(file, changed);
  process.stdout.write('written\n');
  return 0;
}

/**
 * The file's own text with the scripts in it: indent, line ends and everything else as they were.
 * null where the outcome would not be exactly that.
 */
function withScripts(text, added) {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const indent = (/\n([ \t]+)"/.exec(text) || [, '  '])[1];
  const lines = added.map(([name, command]) => `${indent}${indent}${JSON.stringify(name)}: ${JSON.stringify(command)}`);
  const place = scriptsObject(text);
  let changed;
  if (place) {
    const inside = text.slice(place.open + 1, place.close);
    const rest = inside.trimEnd();
    changed =
      text.slice(0, place.open + 1) + rest + (rest ? ',' : '') + end + lines.join(`,${end}`) + end + indent + text.slice(place.close);
  } else {
    const close = text.lastIndexOf('}');
    const before = text.slice(0, close).trimEnd();
    const comma = before.endsWith('{') ? '' : ',';
    changed = `${before}${comma}${end}${indent}"scripts": {${end}${lines.join(`,${end}`)}${end}${indent}}${end}${text.slice(close)}`;
  }
  return isExactly(text, changed, added) ? changed : null;
}

/** Where the braces of the outermost "scripts" are, or null. Walks over strings, so that none is taken for one. */
function scriptsObject(text) {
  let depth = 0;
  let key = null;
  let open = null;
  for (let at = 0; at < text.length; at += 1) {
    const one = text[at];
    if (one === '"') {
      const string = /"(?:[^"\\]|\\.)*"/y;
      string.lastIndex = at;
      const found = string.exec(text)[0];
      at += found.length - 1;
      if (depth === 1 && /^\s*:/.test(text.slice(at + 1))) key = JSON.parse(found);
    } else if (one === '{' || one === '[') {
      if (depth === 1 && key === 'scripts' && one === '{') open = at;
      depth += 1;
    } else if (one === '}' || one === ']') {
      depth -= 1;
      if (depth === 1 && open !== null) return { open, close: at };
    }
  }
  return null;
}

function isExactly(text, changed, added) {
  try {
    const wanted = JSON.parse(text.replace(/^\uFEFF/, ''));
    wanted.scripts = { ...wanted.scripts, ...Object.fromEntries(added) };
    const found = JSON.parse(changed.replace(/^\uFEFF/, ''));
    return isDeepStrictEqual(found, wanted);
  } catch {
    return false;
  }
}

function agreed() {
  if (!process.stdin.isTTY) return false;
  process.stdout.write('write this? [y/N] ');
  const answer = Buffer.alloc(16);
  const count = fs.readSync(0, answer, 0, answer.length, null);
  return /^y(es)?\s*$/i.test(answer.toString('utf8', 0, count));
}

/** Whole or not at all: a new file takes the place of the old one. A link stays one. */
function writeWhole(file, text) {
  const real = fs.realpathSync(file);
  const temporary = `${real}.${process.pid}.partial`;
  fs.writeFileSync(temporary, text, { mode: fs.statSync(real).mode });
  fs.renameSync(temporary, real);
}

function failed(what, next) {
  process.stderr.write(`✗ ${what}\n${next ? `  next:  ${next}\n` : ''}`);
  return USAGE;
}

module.exports = { init, withScripts };
