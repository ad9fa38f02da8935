'use strict';
const { actor } = require('../../harness');
const stream = require('stream');
const { Readable, Writable, PassThrough } = stream;

const log = actor('main');
const { pipeline } = stream;
for (const which of ['source', 'middle', 'end', 'closed']) {
  const r = new Readable({ read() {} });
  const t = new PassThrough();
  const w = new Writable({ write(c, e, cb) { cb(which === 'end' ? new Error('end') : null); } });
  for (const [n, s] of [['r', r], ['t', t], ['w', w]]) {
    s.on('error', (e) => log(which, n, 'error', e)).on('close', () => log(which, n, 'close'));
  }
  pipeline(r, t, w, (e) => log(which, 'done', e, w.listenerCount('error'), r.listenerCount('error')));
  r.push('x');
  setTimeout(() => {
    if (which === 'source') r.destroy(new Error('source'));
    if (which === 'middle') t.destroy(new Error('middle'));
    if (which === 'closed') w.destroy();
  }, 5);
}
