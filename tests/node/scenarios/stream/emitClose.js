'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ emitClose: false, read() {} });
r.on('close', () => log('never')).on('error', (e) => log('error', e));
r.destroy(new Error('x'));
setTimeout(() => log(r.closed, r.destroyed), 5);
const k = new Readable({ autoDestroy: false, read() {} });
k.on('end', () => log('end')).on('close', () => log('never'));
k.push(null);
k.resume();
setTimeout(() => log(k.destroyed, k.readableEnded), 5);
