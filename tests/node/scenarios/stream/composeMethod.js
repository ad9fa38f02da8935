'use strict';
const { actor, attempt } = require('../../harness');
const { EventEmitter } = require('events');
const { PassThrough, Readable, Writable } = require('stream');

const log = actor('main');
const source = () => Readable.from(['a', 'b']);
for (const wrong of [undefined, null, true]) attempt(log, 'wrong', () => source().compose(wrong));
for (const options of [5, 'x', [], { signal: 5 }])
  attempt(log, 'options', () => source().compose(new PassThrough(), options));
attempt(log, 'made', () => source().compose(new PassThrough(), null));
try {
  source().compose(source());
} catch (error) {
  log(error.code, error.message.split('.')[0]);
}
const twice = source().compose(async function* (chunks) { for await (const chunk of chunks) yield chunk + chunk; });
twice.on('data', (chunk) => actor('twice')('data', chunk)).on('close', () => actor('twice')('close'));
const sink = source().compose(new Writable({ objectMode: true, write(chunk, encoding, callback) { actor('sink')('write', chunk); callback(); } }));
sink.on('end', () => actor('sink')('end')).resume();
const controller = new AbortController();
const aborted = source().compose(new PassThrough({ objectMode: true }), { signal: controller.signal });
aborted.on('error', (error) => actor('aborted')(error));
setImmediate(() => controller.abort());

// On the class: one that reads what is of the old kind.
const old = new EventEmitter();
old.destroy = () => actor('old')('destroy');
const wrapped = Readable.wrap(old);
log(wrapped.readableObjectMode, Readable.wrap(new EventEmitter(), { objectMode: false }).readableObjectMode);
wrapped.on('data', (chunk) => actor('old')('data', chunk)).on('close', () => actor('old')('close'));
old.emit('data', 'x');
setImmediate(() => wrapped.destroy());
