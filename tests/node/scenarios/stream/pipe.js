'use strict';
const { actor } = require('../../harness');
const { Readable, Writable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
const w = new Writable({ highWaterMark: 3, write(c, e, cb) { log('_write', c); setTimeout(cb, 2); } });
for (const ev of ['pipe', 'unpipe', 'drain', 'finish', 'close']) w.on(ev, (s) => log('w', ev, s === r, w.listenerCount('error'), w.listenerCount('drain')));
for (const ev of ['pause', 'resume', 'end', 'close']) r.on(ev, () => log('r', ev));
log(r.pipe(w) === w, r.listenerCount('data'), w.listenerCount('unpipe'), w.listenerCount('close'));
r.push('abcd');
r.push('e');
r.push(null);
