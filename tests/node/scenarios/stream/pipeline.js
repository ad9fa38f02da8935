'use strict';
const { actor, attempt } = require('../../harness');
const stream = require('stream');
const { Readable, Writable, Transform } = stream;

const log = actor('main');
const { pipeline } = stream;
const r = new Readable({ read() {} });
const t = new Transform({ transform(c, e, cb) { cb(null, c.toString().toUpperCase()); } });
const w = new Writable({ write(c, e, cb) { log('_write', c); cb(); } });
log(pipeline(r, t, w, (e) => log('done', e, r.destroyed, t.destroyed, w.destroyed)) === w);
for (const ev of ['finish', 'close']) w.on(ev, () => log('w', ev));
r.push('abc');
r.push(null);
attempt(log, 'none', () => pipeline());
attempt(log, 'one', () => pipeline(new Readable({ read() {} }), () => {}));
attempt(log, 'callback', () => pipeline(() => {}));
attempt(log, 'no callback', () => pipeline(5, 6));
