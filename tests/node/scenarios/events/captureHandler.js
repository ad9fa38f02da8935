'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter({ captureRejections: true });
e[Symbol.for('nodejs.rejection')] = (err, type, ...args) => log('rejected', err, type, args);
e.on('x', async () => { throw new Error('late'); });
e.on('error', async () => { throw new TypeError('of error'); });
e.emit('x', 1, 'two');
e.emit('error', new Error('first'));
