'use strict';
const { actor, attempt } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
(async () => {
  const r = new Readable({ objectMode: true, read() { this.push(1); } });
  r.on('close', () => log('close', r.errored));
  for await (const c of r) { log(c); break; }
  log('broke', r.destroyed);
  const k = new Readable({ objectMode: true, read() { this.push(2); } });
  k.on('close', () => log('never'));
  for await (const c of k.iterator({ destroyOnReturn: false })) { log(c); break; }
  log('kept', k.destroyed, k.listenerCount('readable'));
  attempt(log, 'options', () => k.iterator(42));
  k.removeAllListeners();
  const t = new Readable({ objectMode: true, read() { this.push(3); } });
  try {
    for await (const c of t) throw new Error('in loop');
  } catch (e) {
    log(e, t.destroyed);
  }
})();
