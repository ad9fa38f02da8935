'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
const upstream = net.createServer((s) => s.pipe(s)).listen(0, host, () => {
  const proxy = net.createServer((s) => {
    const other = net.connect(upstream.address().port, host);
    s.pipe(other).pipe(s);
    s.on('close', () => log('client gone'));
    other.on('close', () => { log('upstream gone'); upstream.close(); proxy.close(); });
  }).listen(port, host, () => {
    const s = watch(actor('client'), net.connect(port, host));
    let got = '';
    s.setEncoding('latin1').on('data', (d) => { got += d; if (got.length === 9) s.end(); });
    s.on('close', () => actor('client')(got));
    s.write('through');
    setTimeout(() => s.write('!!'), 20);
  });
});
