'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
const f = () => log('f');
e.on('removeListener', (type, listener) => log('removed', type, listener === f, listener.listener === f));
e.once('x', f);
e.off('x', e.rawListeners('x')[0]);
e.once('x', f).on('x', f);
e.off('x', e.rawListeners('x')[0]);
log(e.rawListeners('x')[0] === f);
e.off('x', f);
e.once('x', f).once('x', f);
e.emit('x');
