'use strict';
const { actor } = require('../../harness');
const { PassThrough } = require('stream');

const log = actor('main');
const p = new PassThrough({ highWaterMark: 3 });
log(p.write('abcd'), p.write('ef'), p.writableLength, p.readableLength, p.writableNeedDrain);
p.on('drain', () => log('drain'));
p.on('end', () => log('end'));
setTimeout(() => {
  log(p.read(2), p.read(), p.read());
  setTimeout(() => { log(p.read(), p.writableLength); p.end(); p.resume(); }, 5);
}, 5);
