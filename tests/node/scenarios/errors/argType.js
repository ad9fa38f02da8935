// Flags: --expose-internals
'use strict';
const { actor, attempt } = require('../../harness');

const log = actor('main');
const { codes } = require('internal/errors');
class Foo {}
const say = (...args) => log(new codes.ERR_INVALID_ARG_TYPE(...args).message);
say('x', 'string', 5);
say('options.x', ['string', 'number'], null);
say('x', ['string', 'Buffer', 'TypedArray', 'DataView'], undefined);
say('x', ['string', 'number', 'boolean'], []);
say('x', ['Buffer', 'Uint8Array'], {});
say('x', ['Object', 'Function'], 'x');
say('x', ['Object', 'Buffer', 'string'], 'x');
say('first argument', 'Function', Foo);
say('x', 'a dictionary', () => {});
say('x', 'Iterable', function foo() {});
say('x', ['ReadableStream', 'WritableStream', 'Stream', 'string', "('a'|'b')"], new Foo());
say('x', ['one', 'Two words', 'three'], true);
say('x', 'Two words', false);
for (const value of [0, -0, 1.0, 123456789012, 1e300, 1.5e-9, 0.000001, 0.1, NaN, Infinity, -Infinity, Symbol('s'), '', "a'b", new Set(), Buffer.from('x'), new Uint8Array(1)])
  say('x', 'string', value);
