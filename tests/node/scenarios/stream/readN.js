'use strict';
const { actor, attempt } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ highWaterMark: 5, read() {} });
r.push('abc');
r.push('defg');
log(r.read(2), r.readableLength, r.read(0), r.read(9), r.readableHighWaterMark, r.read(3), r.readableLength);
r.push(null);
log(r.read(100), r.readableHighWaterMark, r.read());
attempt(log, 'too much', () => r.read(0x40000001));
log(r.read(-1), r.read('1'));
