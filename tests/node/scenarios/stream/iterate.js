'use strict';
const { actor } = require('../../harness');
const { Readable, Duplex } = require('stream');

const log = actor('main');
(async () => {
  const r = new Readable({ read() {} });
  r.on('end', () => log('end')).on('close', () => log('close'));
  r.push('a');
  setTimeout(() => { r.push('b'); r.push(null); }, 5);
  for await (const c of r) log('chunk', c);
  log('over', r.destroyed, r.listenerCount('readable'));
  const d = new Duplex({ readable: false, write() {} });
  for await (const c of d) log('never', c);
  log('no side');
})();
