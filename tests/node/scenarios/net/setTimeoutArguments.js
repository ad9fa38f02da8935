'use strict';
const { actor, attempt } = require('../../harness');
const net = require('net');

const log = actor('main');
const s = new net.Socket();
for (const args of [['100'], [true], [null], [NaN], [Infinity], [-1], [[]], [{}], [0, 5], [1, 5],
                    [1, 'x'], [0, null], [1, null]]) {
  attempt(log, 'setTimeout', () => s.setTimeout(...args) === s);
}
log(s.timeout);
const f = () => {};
s.setTimeout(10, f);
log(s.timeout, s.listenerCount('timeout'));
s.setTimeout(0, f);
log(s.timeout, s.listenerCount('timeout'));
s.destroy();
attempt(log, 'destroyed', () => s.setTimeout('x') === s);
log(s.timeout);
