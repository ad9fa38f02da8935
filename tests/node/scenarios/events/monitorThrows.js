'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
e.on(events.errorMonitor, () => { throw new Error('of the monitor'); });
e.on('error', () => log('never'));
attempt(log, 'emit', () => e.emit('error', new Error('a')));
e.removeAllListeners();
e.on('x', () => { throw new TypeError('of a listener'); });
e.on('x', () => log('never'));
attempt(log, 'emit', () => e.emit('x'));
