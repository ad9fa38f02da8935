// How the scenarios of net watch a socket or a server; netwatch.py is the same for nodenet.
'use strict';

const EVENTS = ['lookup', 'connectionAttempt', 'connectionAttemptFailed',
                'connectionAttemptTimeout', 'connect', 'ready', 'listening', 'connection',
                'drop', 'end', 'drain', 'finish', 'pause', 'resume', 'timeout', 'error',
                'close'];

// Log all events but data, which has effects; of emitter's own kind, what is in its arguments.
function watch(log, emitter, label = '') {
  for (const name of EVENTS) {
    emitter.on(name, (...args) => log(label + name, ...args.map(about)));
  }
  return emitter;
}

// An error with all that there is to know of it.
function about(value) {
  if (!(value instanceof Error)) return value;
  const its = { message: value.message };
  for (const key of ['code', 'syscall', 'address', 'port', 'hostname', 'localAddress'])
    if (value[key] !== undefined && value[key] !== null) its[key] = value[key];
  if (value.errors) its.errors = value.errors.map(about);
  return its;
}

module.exports = { about, watch };
