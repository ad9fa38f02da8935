'use strict';
const { actor, attempt } = require('../../harness');
const stream = require('stream');
const { Writable } = stream;

const log = actor('main');
const s = new stream.Stream();
s.readable = true;
s.pause = () => log('pause');
s.resume = () => log('resume');
const w = new Writable({ highWaterMark: 2, write(c, e, cb) { log('_write', c); setTimeout(cb, 1); } });
w.on('pipe', () => log('pipe')).on('finish', () => log('finish')).on('drain', () => log('drain'));
log(s.pipe(w) === w);
s.emit('data', Buffer.from('abc'));
setTimeout(() => { s.emit('end'); log(s.listenerCount('data'), w.listenerCount('drain')); }, 5);
const e = new stream.Stream();
e.pipe(new Writable({ write() {} }));
attempt(log, 'unheard', () => e.emit('error', new Error('legacy')));
