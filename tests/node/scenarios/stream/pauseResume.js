'use strict';
const { actor } = require('../../harness');
const { Readable } = require('stream');

const log = actor('main');
const r = new Readable({ read() {} });
r.on('pause', () => log('pause')).on('resume', () => log('resume')).on('data', (d) => log('data', d));
log(r.isPaused(), r.pause() === r, r.isPaused(), r.readableFlowing);
r.push('a');
r.on('data', () => log('second'));
setTimeout(() => {
  log('still', r.readableFlowing);
  log(r.resume() === r, r.isPaused(), r.readableFlowing);
  process.nextTick(() => { log('after'); r.pause(); r.pause(); r.push('b'); });
  setTimeout(() => log(r.readableLength), 10);
}, 10);
