'use strict';
const { actor, attempt } = require('../../harness');
const stream = require('stream');
const { Readable } = stream;

const log = actor('main');
const { finished } = stream;
const r = new Readable({ read() {} });
attempt(log, 'callback', () => finished(r, 'foo'));
attempt(log, 'options', () => finished(r, 'foo', () => {}));
attempt(log, 'both', () => finished(r, {}, 'foo'));
attempt(log, 'stream', () => finished({}, () => {}));
attempt(log, 'none', () => finished(null, () => {}));
attempt(log, 'signal', () => finished(r, { signal: 5 }, () => {}));
log(r.listenerCount('end'), r.listenerCount('close'));
