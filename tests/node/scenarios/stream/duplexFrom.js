'use strict';
const { actor, attempt } = require('../../harness');
const { Readable, Writable, Duplex } = require('stream');

const log = actor('main');
const t = (s) => { const all = []; s.on('data', (d) => all.push(d)).on('end', () => log('end', all)); };
t(Duplex.from(['a', 'b']));
t(Duplex.from(async function*(source) { for await (const c of source) yield String(c).toUpperCase(); }).on('close', () => log('close')).on('finish', () => log('finish')));
const d = Duplex.from(async function*(source) { for await (const c of source) yield String(c).toUpperCase(); });
t(d);
d.write('x');
d.end('y');
t(Duplex.from(Promise.resolve('promised')));
const p = Duplex.from({ readable: Readable.from(['r']), writable: new Writable({ write(c, e, cb) { log('w', c); cb(); } }) });
t(p);
p.end('to w');
attempt(log, 'bad', () => Duplex.from(5));
