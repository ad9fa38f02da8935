'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
for (const how of ['sync', 'tick', 'error', 'throw', 'twice']) {
  const w = new Writable({
    write(c, e, cb) { cb(); },
    final(cb) {
      log(how, '_final');
      if (how === 'sync') cb();
      else if (how === 'tick') process.nextTick(cb);
      else if (how === 'error') cb(new Error('final'));
      else if (how === 'throw') throw new Error('thrown');
      else { cb(); cb(); }
    },
  });
  for (const ev of ['prefinish', 'finish', 'close', 'error']) w.on(ev, (e) => log(how, ev, e));
  w.end('x', (e) => log(how, 'end', e));
}
