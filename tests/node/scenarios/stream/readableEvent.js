'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read() { log('_read'); } });
r.on('readable', () => {
  log('readable', r.readableLength);
  let c;
  while ((c = r.read()) !== null) log('read', c);
});
r.on('end', () => log('end'));
r.push('a');
r.push('b');
r.push('c');
process.nextTick(() => { log('tick'); r.push('d'); process.nextTick(() => r.push(null)); });
