'use strict';
const { actor, attempt, dir } = require('../../harness');
const net = require('net');

const log = actor('main');
for (const fd of ['a', -1, 1.5, 999, null, true]) attempt(log, 'fd', () => new net.Socket({ fd }));
attempt(log, 'file', () => new net.Socket({ fd: require('fs').openSync(dir, 'r') }));
