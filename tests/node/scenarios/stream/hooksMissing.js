'use strict';
const { actor, attempt } = require('../../harness');
const { Readable, Writable, Transform } = require('stream');

const log = actor('main');
const r = new Readable();
r.on('error', (e) => log('r', e));
r.read();
attempt(log, 'w', () => new Writable().write('x'));
attempt(log, 't', () => new Transform().write('x'));
const w = new Writable({ writev(chunks, cb) { log('writev', chunks.map((c) => c.chunk)); cb(); } });
w.write('a');
const thrown = new Readable({ read() { throw new Error('in read'); } });
thrown.on('error', (e) => log('thrown', e)).on('close', () => log('close'));
log(thrown.read());
