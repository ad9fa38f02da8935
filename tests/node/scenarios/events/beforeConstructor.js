'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = Object.create(EventEmitter.prototype);
e.on('x', (value) => log('x', value));
log(e.emit('x', 1), e.emit('y'), e.listenerCount('x'), e.eventNames());
EventEmitter.call(e);
log(e.emit('x', 2), e.getMaxListeners());
