#!/usr/bin/env node
'use strict';

const { handOn } = require('../lib/main');

handOn(process.argv.slice(2));
