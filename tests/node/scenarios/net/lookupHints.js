'use strict';
// What the system's look-up is asked for; none of it goes to a name server.
const { actor } = require('../../harness');
const net = require('net');
const dns = require('dns');

const log = actor('main');
const both = dns.V4MAPPED | dns.ALL;
const asked = [
  ['127.1', 0, 0],
  ['127.1', 4, dns.ADDRCONFIG],
  ['127.1', 6, 0],
  ['127.1', 6, dns.ALL],
  ['127.1', 6, dns.V4MAPPED],
  ['127.1', 6, both],
  ['127.1', 4, both],
  ['a..b', 0, 0],
  ['x'.repeat(256), 0, 0],
  ['x.'.repeat(150), 4, dns.ADDRCONFIG],
];

function next() {
  if (!asked.length) return;
  const [host, family, hints] = asked.shift();
  const label = `${host.slice(0, 5)} ${family} ${hints & dns.V4MAPPED ? 'mapped' : ''}`;
  const s = net.connect({ port: 1, host, family, hints, autoSelectFamily: false });
  s.on('lookup', (error, address, kind, name) => {
    log(label, error ? error.code : null, address, kind, name === host);
    s.destroy();
  });
  s.on('error', (e) => log(e.message.slice(0, 40), e.code, e.syscall, e.hostname === host));
  s.on('close', next);
}
next();
