'use strict';
const { actor } = require('../../harness');
const { Writable, Duplex } = require('stream');

const log = actor('main');
for (const how of ['sync', 'later', 'error', 'throw', 'twice']) {
  const d = new Duplex({
    construct(cb) {
      log(how, '_construct');
      if (how === 'sync') cb();
      else if (how === 'later') setTimeout(cb, 5);
      else if (how === 'error') cb(new Error('c'));
      else if (how === 'throw') throw new Error('t');
      else { cb(); cb(); }
    },
    read() { log(how, '_read'); this.push(null); },
    write(c, e, cb) { log(how, '_write', c); cb(); },
    final(cb) { log(how, '_final'); cb(); },
    destroy(e, cb) { log(how, '_destroy', e); cb(e); },
  });
  for (const ev of ['end', 'finish', 'close', 'error']) d.on(ev, (e) => log(how, ev, e));
  d.resume();
  d.end('x', (e) => log(how, 'ended', e));
  log(how, d.writableLength);
}
const x = new Writable({ construct(cb) { log('x'); setTimeout(cb, 5); }, write() {}, destroy(e, cb) { log('x _destroy', e); cb(e); } });
x.on('close', () => log('x close')).on('error', (e) => log('x error', e));
x.destroy(new Error('early'));
log(x.destroyed, x.closed);
