// Flags: --expose-internals
'use strict';
const { actor, attempt, odd } = require('../../harness');

const log = actor('main');
const v = require('internal/validators');
for (const value of odd) {
  attempt(log, 'port', () => v.validatePort(value));
  attempt(log, 'named', () => v.validatePort(value, 'options.port', false));
  attempt(log, 'signal', () => v.validateAbortSignal(value, 'options.signal'));
}
