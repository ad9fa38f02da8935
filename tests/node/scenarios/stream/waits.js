'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read(n) { log('_read', n); } });
r.on('end', () => log('end'));
log(r.push('abc'), r.push(null), r.readableLength, r.readableFlowing);
setTimeout(() => {
  log('later', r.readableLength, r.readableEnded);
  r.on('data', (d) => log('data', d));
}, 10);
