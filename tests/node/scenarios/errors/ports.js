// Flags: --expose-internals
'use strict';
const { actor, attempt } = require('../../harness');

const log = actor('main');
const v = require('internal/validators');
for (const value of [undefined, null, true, false, 0, -0, 1, -1, 1.5, NaN, Infinity, 2 ** 31, 2 ** 32, 2 ** 53, '', 'x', '80', ' 80 ', '0x50', '0b11', '1e2', '1_0', 'Infinity', '-1', '65536', [], [1], {}, () => {}, Buffer.from('x')]) {
  attempt(log, 'port', () => v.validatePort(value));
  attempt(log, 'named', () => v.validatePort(value, 'options.port', false));
  attempt(log, 'signal', () => v.validateAbortSignal(value, 'options.signal'));
}
