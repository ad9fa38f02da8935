'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
r.on('error', (e) => log('error', e, r.closed)).on('close', () => log('close'));
process.nextTick(() => log('tick before'));
log(r.destroyed, r.destroy(new Error('a'), (e) => log('callback', e)) === r, r.destroyed, r.closed);
process.nextTick(() => log('tick after'));
r.destroy(new Error('b'), (e) => log('second', e));
log(r.push('x'), r.read());
const q = new Readable({ read() {} });
q.on('close', () => log('q close')).on('error', () => log('never'));
q.destroy();
log(q.errored, q.readable);
