'use strict';
const { actor, attempt } = require('../../harness');
const stream = require('stream');
const { Readable, Writable, Transform, PassThrough } = stream;

const log = actor('main');
const up = () => new Transform({ transform(c, e, cb) { cb(null, String(c).toUpperCase()); } });
const d = stream.compose(up(), new PassThrough(), async function*(source) { for await (const c of source) yield c + '!'; });
const all = [];
d.on('data', (c) => all.push(String(c))).on('end', () => log('end', all.join(''))).on('finish', () => log('finish')).on('close', () => log('close'));
d.write('a');
d.end('b');
const f = stream.compose(up(), new Transform({ transform(c, e, cb) { cb(new Error('middle')); } }), new PassThrough());
f.on('error', (e) => actor('f')(e)).on('close', () => actor('f')('close'));
f.resume();
f.end('x');
const r = stream.compose(Readable.from(['q']), up());
r.on('data', (c) => actor('r')(String(c))).on('end', () => actor('r')('end'));
log(r.writable, r.readable, d.writable);
const x = stream.compose(up(), up());
x.on('error', (e) => actor('x')(e)).on('close', () => actor('x')('close'));
x.destroy();
attempt(log, 'none', () => stream.compose());
for (const two of [[new Writable({ write() {} }), new PassThrough()], [new PassThrough(), new Readable({ read() {} })]]) {
  try {
    stream.compose(...two);
  } catch (e) {
    log(e.code);
  }
}
