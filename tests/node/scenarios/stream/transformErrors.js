'use strict';
const { actor } = require('../../harness');
const { Transform } = require('stream');

const log = actor('main');
for (const how of ['callback', 'flush', 'final', 'pushed null']) {
  const t = new Transform({
    transform(c, e, cb) {
      if (how === 'callback') return cb(new Error('t'));
      if (how === 'pushed null') this.push(null);
      cb();
    },
    flush(cb) { cb(how === 'flush' ? new Error('f') : null); },
  });
  if (how === 'final') t._final = (cb) => { log(how, '_final'); cb(); };
  for (const ev of ['error', 'finish', 'end', 'close']) t.on(ev, (v) => log(how, ev, v));
  t.resume();
  t.end('x', (e) => log(how, 'ended', e));
}
