'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
const s = Symbol('s');
const f = () => {};
e.on('b', f).on(s, f).on('a', f).on('__proto__', f).on('toString', f).on('hasOwnProperty', f);
log(e.eventNames().map(String));
e.off('a', f).off('none', f);
log(e.eventNames().map(String), e.listenerCount(s), e.emit(s));
e.removeAllListeners(s);
log(e.eventNames(), e.emit('toString'), e.emit('__defineGetter__'));
