'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter({ captureRejections: true });
e.on('x', async () => { throw new Error('nobody hears'); });
e.emit('x');
const f = new EventEmitter({ captureRejections: true });
f.on('error', async () => { throw new TypeError('of error'); });
f.on('x', async () => { throw new Error('of x'); });
f.emit('x');
const g = new EventEmitter();
g.on('error', () => log('never'));
g.on('x', async () => { throw new RangeError('not captured'); });
setTimeout(() => g.emit('x'), 50);
