'use strict';
const { actor } = require('../../harness');
const { EventEmitter } = require('events');
const { PassThrough, Readable, Stream, Transform, Writable } = require('stream');

// What is given beyond what is asked for does not matter: neither to callbacks of hooks...
const hooks = actor('hooks');
const w = new Writable({
  construct(callback) { callback(null, 1, 2); },
  write(chunk, encoding, callback) { callback(null, 1, 2); },
  final(callback) { callback(null, 1, 2); },
  destroy(error, callback) { callback(error, 1, 2); },
});
w.on('close', () => hooks('close'));
w.end('x');
const v = new Writable({ writev(chunks, callback) { callback(null, 1, 2); } });
v.on('close', () => actor('writev')('close'));
v.cork();
v.write('a');
v.write('b');
v.end();
const t = new Transform({
  transform(chunk, encoding, callback) { callback(null, chunk, 1, 2); },
  flush(callback) { callback(null, 'last', 1, 2); },
});
t.on('data', (chunk) => actor('transform')('data', chunk)).on('end', () => actor('transform')('end'));
t.end('x');

// ... nor to those who listen.
const source = new Readable({ read() {} });
const dest = new PassThrough();
source.pipe(dest);
dest.on('data', (chunk) => actor('pipe')('data', chunk));
source.emit('data', 'x', 1, 2);
dest.emit('drain', 1, 2);
source.emit('end', 1, 2);
dest.on('end', () => actor('pipe')('end'));
const old = new EventEmitter();
const wrapped = new Readable().wrap(old);
wrapped.on('data', (chunk) => actor('wrap')('data', chunk)).on('end', () => actor('wrap')('end'));
old.emit('data', 'x', 1, 2);
old.emit('end', 1, 2);
const legacy = new Stream();
const sink = new Writable({ write(chunk, encoding, callback) { actor('legacy')('write', chunk); callback(); } });
sink.on('finish', () => actor('legacy')('finish'));
legacy.pipe(sink);
legacy.emit('data', 'x', 1, 2);
sink.emit('drain', 1, 2);
legacy.emit('end', 1, 2);
