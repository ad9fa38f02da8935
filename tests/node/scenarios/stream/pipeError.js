'use strict';
const { actor } = require('../../harness');
const { Readable, Writable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
const w = new Writable({ write(c, e, cb) { cb(new Error('w')); } });
w.on('error', (e) => log('w error', e, r.readableFlowing)).on('unpipe', () => log('unpipe')).on('close', () => log('w close'));
r.on('close', () => log('never'));
r.pipe(w);
r.push('x');
setTimeout(() => log(r.destroyed, r.readableFlowing), 5);
const u = new Writable({ write(c, e, cb) { cb(new Error('unheard')); } });
const s = new Readable({ read() {} });
s.pipe(u);
s.push('x');
