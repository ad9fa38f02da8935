'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
e.on(events.errorMonitor, (err, more) => log('monitor', err, more));
attempt(log, 'unheard', () => e.emit('error', new Error('a'), 1));
e.on('error', (err) => log('heard', err));
log(e.emit('error', new Error('b'), 2));
log(e.emit(events.errorMonitor, new Error('c'), 3), e.eventNames().length);
log(EventEmitter.errorMonitor === events.errorMonitor, String(events.errorMonitor));
