'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
const f = () => log('readable', r.read());
r.on('readable', f);
r.on('data', (d) => log('data', d));
r.push('a');
setTimeout(() => {
  r.off('readable', f);
  log(r.readableFlowing);
  process.nextTick(() => { log(r.readableFlowing); r.push('b'); r.removeAllListeners('data'); log(r.readableFlowing); r.push('c'); });
  setTimeout(() => log(r.readableFlowing, r.readableLength), 5);
}, 5);
