'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
for (const ev of ['data', 'end', 'close', 'resume', 'pause']) r.on(ev, (v) => log(ev, v));
log(r.readableFlowing, r.readableLength, r.push('abc'), r.readableLength);
process.nextTick(() => {
  log('tick', r.readableFlowing);
  r.push(Buffer.from('de'));
  r.push(null);
  log('pushed', r.readable, r.readableEnded);
});
