'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
log(EventEmitter.captureRejections);
const before = new EventEmitter();
EventEmitter.captureRejections = true;
const after = new EventEmitter();
EventEmitter.captureRejections = false;
after.on('error', (err) => log('captured', err));
after.on('x', async () => { throw new Error('x'); });
after.emit('x');
for (const value of [1, null, 'x', [], {}, undefined])
  attempt(log, 'set', () => { EventEmitter.captureRejections = value; });
for (const value of [1, 0, 'x', '', [], null, {}])
  attempt(log, 'option', () => new EventEmitter({ captureRejections: value }));
log(EventEmitter.captureRejections, before.listenerCount('x'));
