'use strict';
const { actor, attempt } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
for (const [n, v] of [['list', [1, 2, 3]], ['str', 'abc'], ['bytes', Buffer.from('xyz')]]) {
  const r = Readable.from(v);
  log(n, r.readableObjectMode, r.readableHighWaterMark);
  r.on('data', (d) => log(n, 'data', d)).on('end', () => log(n, 'end')).on('close', () => log(n, 'close'));
}
for (const bad of [5, null, {}, true]) attempt(log, 'bad', () => Readable.from(bad));
const n = Readable.from([1, null]);
n.on('error', (e) => log('null', e)).on('data', (d) => log('null', d));
const b = Readable.from(['a', 'b'], { objectMode: false });
log(b.readableObjectMode);
b.on('data', (d) => log('bytes', d));
const g = Readable.from((function*() { try { yield 1; throw new Error('gen'); } finally { log('finally'); } })());
g.on('error', (e) => log('gen', e)).on('data', (d) => log('gen', d));
