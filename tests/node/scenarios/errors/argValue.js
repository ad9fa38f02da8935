// Flags: --expose-internals
'use strict';
const { actor, attempt } = require('../../harness');

const log = actor('main');
const { codes } = require('internal/errors');
class Foo { constructor() { this.a = 1; } }
const say = (...args) => log(new codes.ERR_INVALID_ARG_VALUE(...args).message);
const circle = { a: 1 };
circle.self = circle;
function foo() {}
const values = ['x', "it's", 'a"b\'c', 'a"\'`c', '\n\t\x00\x1b\x7f\\', 5, -0, 0.5, 1e21, true, null, undefined, () => {}, foo, Foo, [], {}, [1, 'two', null],
  ['a', [1, [2, [3, [4]]]]], { a: 1, 'b-c': 'x', d: { e: { f: { g: 1 } } } }, Buffer.from('ab'), Buffer.alloc(51), new Foo(), 'y'.repeat(200),
  { port: '1', host: undefined, f: foo, b: Buffer.from('x') }, [undefined, { a: [] }], ['a'.repeat(70), 'b'], { a: 'a'.repeat(70), b: { c: 1 } }];
for (const value of values) say('x', value);
say('options.x', 5, 'is not supported');
say('options', { a: 1 }, 'must have the property "port" or "path"');
const e = new codes.ERR_INVALID_ARG_VALUE('x', 5);
log(e, e instanceof TypeError, e.name, e.code);
log(require('util').inspect(circle).replace('<ref *1> ', ''));
