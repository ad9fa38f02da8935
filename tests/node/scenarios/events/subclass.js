'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
class Foo extends EventEmitter {
  on(type, listener) { log('on', type); return super.on(type, listener); }
  removeListener(type, listener) { log('off', type); return super.removeListener(type, listener); }
  emit(type, ...args) { log('emit', type); return super.emit(type, ...args); }
}
const e = new Foo();
e.once('x', () => log('x'));
e.emit('x');
e.prependListener('y', () => {});
e.on('newListener', () => {});
e.on('removeListener', () => {});
e.prependOnceListener('y', () => {});
e.removeAllListeners('y');
events.once(e, 'z');
e.emit('z');
