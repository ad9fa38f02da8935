'use strict';
const { actor } = require('../../harness');
const { Readable, Writable } = require('stream');

const log = actor('main');
const r = new Readable({ objectMode: true, highWaterMark: 2, read() {} });
log(r.push(1), r.push(''), r.push({ a: 1 }), r.readableLength, r.read(), r.read(9), r.readableLength);
r.push(0);
r.push(null);
r.on('data', (d) => log('data', d)).on('end', () => log('end'));
const w = new Writable({ objectMode: true, highWaterMark: 2, write(c, e, cb) { log('write', c, e); setTimeout(cb, 1); } });
log(w.write({ b: 2 }), w.write(0), w.write(''), w.writableLength);
