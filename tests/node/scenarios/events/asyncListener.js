'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
e.on('x', async (value) => { log('a', value); await null; log('b', value); });
e.on('x', (value) => log('c', value));
e.emit('x', 1);
e.on('y', async () => { throw new Error('nobody catches'); });
e.emit('y');
log('emitted');
