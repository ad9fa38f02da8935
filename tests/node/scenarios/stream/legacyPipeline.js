'use strict';
const { actor } = require('../../harness');
const stream = require('stream');
const { Writable, PassThrough } = stream;

const log = actor('main');
const make = (name) => {
  const s = new stream.Stream();
  s.readable = true;
  s.pause = () => log(name, 'pause');
  s.resume = () => log(name, 'resume');
  s.destroy = (e) => { log(name, 'destroy', e); s.emit('close'); };
  return s;
};
const a = make('a');
const w = new Writable({ write(c, e, cb) { log('w', c); cb(); } });
w.on('finish', () => log('w finish'));
stream.pipeline(a, w, (e) => log('a done', e));
a.emit('data', Buffer.from('x'));
setTimeout(() => a.emit('end'), 3);
const b = make('b');
stream.pipeline(b, async (source) => { for await (const c of source) log('got', c); return 'all'; }, (e, v) => log('b done', e, v));
setTimeout(() => { b.emit('data', 'one'); b.emit('data', 'two'); setTimeout(() => b.emit('end'), 3); }, 3);
const c = make('c');
stream.pipeline(c, new PassThrough(), new Writable({ write(x, e, cb) { cb(new Error('full')); } }), (e) => log('c done', e));
setTimeout(() => c.emit('data', Buffer.from('y')), 3);
