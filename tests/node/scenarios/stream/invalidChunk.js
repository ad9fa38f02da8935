'use strict';
const { actor, attempt } = require('../../harness');
const { Readable, Writable } = require('stream');

const log = actor('main');
for (const v of [5, true, {}, [], 1.5]) {
  const r = new Readable({ read() {} });
  r.on('error', (e) => log('error', e));
  log(r.push(v));
  const u = new Readable({ read() {} });
  u.on('error', (e) => log('unshift', e));
  log(u.unshift(v));
  attempt(log, 'write', () => new Writable({ write() {} }).write(v));
}
const w = new Writable({ write() {} });
attempt(log, 'null', () => w.write(null));
attempt(log, 'nothing', () => w.write());
attempt(log, 'encoding', () => w.write('x', 'nope'));
attempt(log, 'default', () => w.setDefaultEncoding('nope'));
attempt(log, 'object null', () => new Writable({ objectMode: true, write() {} }).write(null));
log(w.destroyed, w.writableLength);
