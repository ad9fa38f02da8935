'use strict';
const { actor, attempt } = require('../../harness');
const events = require('events');
const { EventEmitter } = events;

const log = actor('main');
const e = new EventEmitter();
e.on('x', () => log('first'));
events.once(e, 'x').then(() => log('microtask'));
e.on('x', () => { process.nextTick(() => log('tick of a listener')); log('second'); });
process.nextTick(() => {
  log('tick');
  e.emit('x');
  process.nextTick(() => log('later tick'));
});
process.nextTick(() => log('other tick'));
