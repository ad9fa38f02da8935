'use strict';
const { actor, attempt } = require('../../harness');
const stream = require('stream');
const { Readable, Writable, Duplex, Transform } = stream;

const log = actor('main');
for (const hwm of [0, 5, 2.0, -1, 1.5, NaN, 'x', true, {}]) {
  attempt(log, 'r', () => new Readable({ highWaterMark: hwm }).readableHighWaterMark);
  attempt(log, 'd', () => new Duplex({ readableHighWaterMark: hwm }).readableHighWaterMark);
  attempt(log, 't', () => new Transform({ writableHighWaterMark: hwm }).writableHighWaterMark);
}
attempt(log, 'encoding', () => new Readable({ encoding: 'nope' }));
attempt(log, 'default', () => new Readable({ defaultEncoding: 'nope' }));
attempt(log, 'default', () => new Writable({ defaultEncoding: 'nope' }));
const d = new Duplex({ readableObjectMode: true, writableHighWaterMark: 7 });
log(d.readableObjectMode, d.writableObjectMode, d.readableHighWaterMark, d.writableHighWaterMark);
const o = new Duplex({ objectMode: true, highWaterMark: 3, readableHighWaterMark: 5 });
log(o.readableObjectMode, o.writableObjectMode, o.readableHighWaterMark, o.writableHighWaterMark);
const z = new Transform({ readableHighWaterMark: 0 });
log(z.readableHighWaterMark, z.writableHighWaterMark);
log(stream.getDefaultHighWaterMark(false), stream.getDefaultHighWaterMark(true));
attempt(log, 'set', () => stream.setDefaultHighWaterMark(false, 'x'));
attempt(log, 'set', () => stream.setDefaultHighWaterMark(false, -1));
