'use strict';
const { actor, attempt } = require('../../harness');
const { Duplex, PassThrough, Readable, Writable, finished } = require('stream');

const log = actor('main');
for (const encoding of ['bogus', 5, {}, true, '', 'UTF8', 'UCS-2', null]) {
  const w = new Writable({ write(chunk, its, callback) { log('_write', chunk, its); callback(); } });
  attempt(log, 'write', () => w.write('6162', encoding));
  attempt(log, 'setEncoding', () => new Readable().setEncoding(encoding) && 'set');
  attempt(log, 'option', () => new Readable({ encoding }) && 'made');
}
for (const objectMode of [{}, [], NaN, 'x', 0])
  log(new Readable({ objectMode }).readableObjectMode, new Duplex({ writableObjectMode: objectMode }).writableObjectMode);
// A string is a chunk of this encoding; what forEach passes on beside it is none.
const r = new Readable({ read() {} });
for (const encoding of [1, true, {}, 'hex']) log('push', r.push('6162', encoding), r.read());
log('unshift', r.unshift('6162', 1), r.read());
// The events of which streams have a place from the start on come first.
for (const stream of [new Readable(), new Writable(), new PassThrough(), new Duplex()]) {
  const before = stream.eventNames();
  const cleanup = finished(stream, () => {});
  stream.on('other', () => {}).on('error', () => {}).on('data', () => {}).on(Symbol('s'), () => {});
  log(before, stream.eventNames().slice(0, -1));
  cleanup();
  stream.removeAllListeners();
  stream.on('end', () => {}).on('close', () => {});
  log(stream.eventNames());
}
