'use strict';
const { actor } = require('../../harness');
const { Duplex } = require('stream');

const log = actor('main');
const r = new Duplex({ readable: false, read() {}, write(c, e, cb) { cb(); } });
r.on('error', (e) => log('r error', e)).on('end', () => log('r end')).on('finish', () => log('r finish')).on('close', () => log('r close'));
log(r.readable, r.readableEnded, r.writable);
r.end();
const w = new Duplex({ writable: false, read() {} });
w.on('end', () => log('w end')).on('finish', () => log('w finish')).on('close', () => log('w close'));
log(w.writable, w.writableEnded, w.writableFinished, w.readable);
w.push(null);
w.resume();
const p = new Duplex({ readable: false, read() {}, write() {} });
p.on('error', (e) => log('p error', e));
log(p.push('x'));
