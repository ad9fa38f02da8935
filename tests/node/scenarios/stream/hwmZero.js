'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
let n = 0;
const r = new Readable({ highWaterMark: 0, read() { log('_read'); setTimeout(() => r.push(n++ ? null : 'a'), 1); } });
r.on('readable', () => log('readable', r.read()));
r.on('end', () => log('end'));
