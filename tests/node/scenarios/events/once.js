'use strict';
const { actor } = require('../../harness');
const { EventEmitter, once } = require('events');

const log = actor('main');
const e = new EventEmitter();
e.on('foo', () => log('listener'));
once(e, 'foo').then((args) => log('once', args));
e.on('foo', () => log('later listener'));
e.emit('foo', 1, 'x');
log('emitted', e.listenerCount('foo'), e.listenerCount('error'));
once(e, 'foo').catch((err) => log('failed', err));
e.emit('error', new Error('boom'));
log('left', e.eventNames());
once(e, 'error').then((args) => log('error', args));
e.emit('error', new TypeError('waited for'));
