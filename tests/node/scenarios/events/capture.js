'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter({ captureRejections: true });
e.on('x', async (value) => { log('x', value); throw new Error('late'); });
e.on('error', (err) => log('error', err));
log(e.emit('x', 1));
process.nextTick(() => log('tick'));
log('emitted');
