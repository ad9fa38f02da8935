'use strict';
const { actor } = require('../../harness');
const stream = require('stream');
const { Readable, Writable } = stream;

const log = actor('main');
const r = new Readable({ read() {} });
log(r.readableDidRead, r.readableAborted, stream.isDisturbed(r), stream.isReadable(r), stream.isErrored(r));
r.push('a');
r.read();
log(r.readableDidRead, r.readableAborted, stream.isDisturbed(r));
r.on('error', () => log(r.readableAborted, stream.isErrored(r), stream.isReadable(r), r.errored));
r.destroy(new Error('x'));
log(r.readableAborted, stream.isErrored(r), stream.isReadable(r), r.readable, r.closed, stream.isDestroyed(r));
const w = new Writable({ write(c, e, cb) { cb(); } });
log(w.writableAborted, stream.isWritable(w), stream.isReadable(w), w.writable);
w.end();
log(stream.isWritable(w), w.writable, w.writableEnded, w.writableFinished);
