'use strict';
const { actor } = require('../../harness');
const { Duplex } = require('stream');

const log = actor('main');
for (const allowHalfOpen of [true, false]) {
  const d = new Duplex({ allowHalfOpen, read() {}, write(c, e, cb) { cb(); } });
  for (const ev of ['end', 'finish', 'close']) d.on(ev, () => log(allowHalfOpen, ev, d.writable, d.destroyed));
  d.push(null);
  d.resume();
  setTimeout(() => { log(allowHalfOpen, d.writable, d.destroyed); d.end(); }, 5);
}
