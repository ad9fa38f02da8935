'use strict';
const { actor } = require('../../harness');
const { Readable, Writable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
const make = (name, ms) => new Writable({ highWaterMark: 1, write(c, e, cb) { log(name, c); setTimeout(cb, ms); } });
const a = make('a', 2);
const b = make('b', 8);
r.pipe(a);
r.pipe(b);
r.on('pause', () => log('pause')).on('resume', () => log('resume')).on('end', () => log('end'));
r.push('x');
setTimeout(() => { log('push', r.push('y'), r.readableFlowing); r.unpipe(a); r.push(null); }, 5);
a.on('unpipe', (s, i) => log('a unpipe', i));
b.on('finish', () => log('b finish'));
