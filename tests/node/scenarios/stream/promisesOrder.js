'use strict';
const { actor } = require('../../harness');
const stream = require('stream');
const { Readable, Writable } = stream;

const log = actor('main');
(async () => {
  const w = new Writable({ write(c, e, cb) { process.nextTick(cb); } });
  w.on('finish', () => log('finish')).on('close', () => log('close'));
  w.end('x');
  process.nextTick(() => log('tick'));
  await stream.promises.finished(w);
  log('finished');
  const r = new Readable({ read() {} });
  r.on('end', () => log('end')).on('close', () => { log('r close'); process.nextTick(() => log('tick in close')); });
  r.push('a');
  r.push(null);
  const p = stream.promises.pipeline(r, new Writable({ write(c, e, cb) { cb(); } }));
  p.then(() => log('pipeline over'));
})();
