'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
attempt(log, 'nothing', () => e.emit('error'));
attempt(log, 'null', () => e.emit('error', null));
attempt(log, 'string', () => e.emit('error', 'x'));
attempt(log, 'quote', () => e.emit('error', "it's"));
attempt(log, 'number', () => e.emit('error', 4.5));
attempt(log, 'bool', () => e.emit('error', false));
attempt(log, 'object', () => e.emit('error', { message: 'Error!', n: [1, 'two', null] }));
attempt(log, 'bytes', () => e.emit('error', Buffer.from('ab')));
attempt(log, 'exception', () => e.emit('error', new TypeError('boom'), 2));
try { e.emit('error', 'x'); } catch (err) { log(err.context); }
e.on('error', (err) => log('heard', err));
log(e.emit('error', 'x'));
