'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
for (const autoDestroy of [true, false]) {
  for (const sync of [true, false]) {
    const name = `${autoDestroy} ${sync}`;
    const w = new Writable({ autoDestroy, write(c, e, cb) { if (sync) cb(new Error('w')); else process.nextTick(cb, new Error('w')); } });
    w.on('error', (e) => log(name, 'error', e, w.destroyed)).on('close', () => log(name, 'close')).on('finish', () => log(name, 'finish'));
    log(name, w.write('a', (e) => log(name, 'a', e)), w.write('b', (e) => log(name, 'b', e)));
    w.end((e) => log(name, 'end', e));
    log(name, w.errored, w.writable);
  }
}
