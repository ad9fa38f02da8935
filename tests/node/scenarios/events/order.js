'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
e.on('x', () => log('a'));
e.prependListener('x', () => log('b'));
e.prependOnceListener('x', () => log('c once'));
e.once('x', () => log('d once'));
log(e.emit('x'), e.emit('x'), e.emit('y'));
log(e.on('x', log) === e, e.off('x', log) === e, e.once('x', log) === e, e.removeAllListeners() === e);
log(e.prependListener('x', log) === e, e.setMaxListeners(3) === e, e.getMaxListeners());
