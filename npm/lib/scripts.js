'use strict';

/** What package.json gets: script → command. The first five are the steps of a workflow. */
const SCRIPTS = {
  'db:backup': 'dbsync-prisma backup',
  'db:migration:check': 'dbsync-prisma check',
  'db:migration:deploy': 'dbsync-prisma deploy',
  'db:migration:validate': 'dbsync-prisma validate',
  'db:health:check': 'dbsync-prisma health',
  'db:status': 'dbsync-prisma status',
  'db:restore': 'dbsync-prisma restore',
  'db:rollback': 'dbsync-prisma rollback',
  'db:join': 'dbsync-prisma join',
};

module.exports = { SCRIPTS };
