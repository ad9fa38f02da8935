'use strict';
const { actor, finish } = require('../../harness');
const net = require('net');

const log = actor('main');
finish(150);
const s = new net.Socket();
log(s.setTimeout(30, () => log('timeout', s.listenerCount('timeout'), s.destroyed)) === s);
const off = new net.Socket();
off.setTimeout(30, () => log('off'));
off.setTimeout(0);
log(off.timeout, off.listenerCount('timeout'));
