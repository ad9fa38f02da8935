// Flags: --expose-internals
'use strict';
const { actor, attempt } = require('../../harness');

const log = actor('main');
const { codes } = require('internal/errors');
for (const value of [0, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 32, 2 ** 32 + 1, -(2 ** 33), 1e15, 123456789012, 1e21, 4294967296.5, 'x', null, true])
  log(new codes.ERR_OUT_OF_RANGE('n', '>= 0 && <= 5', value));
const e = new codes.ERR_OUT_OF_RANGE('n', 'an integer', 1);
log(e instanceof RangeError, e.name);
for (const value of [-1, 65536, NaN, 1.5, '', 'x', null, undefined, true, [], {}])
  log(new codes.ERR_SOCKET_BAD_PORT('options.port', value));
log(new codes.ERR_SOCKET_BAD_PORT('Port', 0, false));
