'use strict';
const { actor, attempt, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
// A backlog is a number, or text of one, or none.
for (const backlog of ['0x50', '5', Infinity, -1, 'x', true, null])
  attempt(log, 'backlog', () => net.createServer().listen(0, host, backlog).unref().close() && 1);
for (const allowHalfOpen of [1, 'x', '', 0, {}, null])
  log(net.createServer({ allowHalfOpen }).allowHalfOpen);
for (const encoding of [undefined, null, '', 'utf-8', false, 0, {}, 'x'])
  attempt(log, 'encoding', () => new net.Socket().setEncoding(encoding).readableEncoding);
for (const name of ['setDefaultAutoSelectFamily', 'setDefaultAutoSelectFamilyAttemptTimeout'])
  attempt(log, name, () => net[name]());
attempt(log, 'signal', () => new net.Socket({ signal: 5 }));
attempt(log, 'undefined', () => {
  net.connect({ port, host, path: undefined, autoSelectFamily: undefined, family: undefined })
    .on('error', (e) => log(e.code));
});
// Of the other family.
for (const [local, to] of [['::1', host], [host, '::1']]) {
  const its = actor(`from ${local}`);
  net.connect({ port, host: to, localAddress: local }).on('error', (e) => its(e, e.address));
}
