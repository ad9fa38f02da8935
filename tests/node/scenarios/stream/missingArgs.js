'use strict';
const { actor, attempt } = require('../../harness');
const stream = require('stream');
const { Duplex, PassThrough, Readable, Transform, Writable } = stream;

const log = actor('main');
attempt(log, 'addAbortSignal', () => stream.addAbortSignal(AbortSignal.abort()));
attempt(log, 'destroy', () => stream.destroy());
attempt(log, 'isDisturbed', () => stream.isDisturbed());
attempt(log, 'isErrored', () => stream.isErrored());
attempt(log, 'isReadable', () => stream.isReadable());
attempt(log, 'setDefaultHighWaterMark', () => stream.setDefaultHighWaterMark());
attempt(log, 'from', () => Readable.from());
attempt(log, 'Duplex.from', () => Duplex.from());
attempt(log, '_read', () => new Readable()._read());
attempt(log, '_write', () => new Writable()._write());
attempt(log, '_transform', () => new Transform()._transform());
const returns = (value) => attempt(log, 'returns', () => value() && 'something');
returns(() => stream.pipeline(() => {}, new PassThrough(), () => {}));
returns(() => stream.pipeline(['a'], () => {}, new PassThrough(), () => {}));
returns(() => stream.pipeline(['a'], () => {}, () => {}));
returns(() => Duplex.from(() => {}));
for (const Class of [Readable, Writable, Duplex, Transform])
  for (const signal of [5, 'x', true, {}, [], null, 0, ''])
    attempt(log, 'signal', () => new Class({ signal }) && 'made');
