'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const { EventEmitter } = require('events');
const old = new EventEmitter();
old.pause = () => log('old pause');
old.resume = () => log('old resume');
const r = new Readable({ highWaterMark: 3 }).wrap(old);
r.on('end', () => log('end')).on('close', () => log('close'));
old.emit('data', Buffer.from('abcd'));
log(r.readableLength);
setTimeout(() => {
  r.on('data', (d) => log('data', d));
  setTimeout(() => { old.emit('data', Buffer.from('e')); old.emit('end'); }, 5);
}, 5);
