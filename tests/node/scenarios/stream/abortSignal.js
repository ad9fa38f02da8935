'use strict';
const { actor, attempt } = require('../../harness');
const stream = require('stream');
const { Readable, Writable } = stream;

const log = actor('main');
const ac = new AbortController();
const r = stream.addAbortSignal(ac.signal, new Readable({ read() {} }));
const w = new Writable({ signal: ac.signal, write() {} });
r.on('error', (e) => log('r', e, e.cause)).on('close', () => log('r close'));
w.on('error', (e) => log('w', e));
setTimeout(() => ac.abort(), 5);
const over = new Readable({ signal: AbortSignal.abort(), read() {} });
log(over.destroyed);
over.on('error', (e) => log('over', e));
attempt(log, 'signal', () => stream.addAbortSignal('x', r));
attempt(log, 'stream', () => stream.addAbortSignal(ac.signal, {}));
