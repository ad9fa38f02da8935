'use strict';
const { actor } = require('../../harness');
const { Writable } = require('stream');

const log = actor('main');
const w = new Writable({ write(c, e, cb) { setTimeout(cb, 5); } });
for (const ev of ['error', 'close', 'finish']) w.on(ev, (e) => log(ev, e));
w.write('a', (e) => log('a', e));
w.write('b', (e) => log('b', e));
w.end((e) => log('end', e));
log(w.destroy(new Error('x')) === w, w.destroyed, w.closed, w.errored, w.writableLength);
w.destroy(new Error('y'));
process.nextTick(() => log('tick', w.closed));
