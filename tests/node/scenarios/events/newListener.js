'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
const f = () => log('f');
e.once('newListener', (type, listener) => {
  log('new', type, listener === f, e.listenerCount(type));
  if (type === 'x') e.on('x', () => log('added meanwhile'));
});
e.on('x', f);
e.emit('x');
e.on('newListener', (type, listener) => log('new', type, listener === f));
e.once('y', f);
e.prependOnceListener('newListener', f);
e.on('newListener', f);
