'use strict';
const { actor, host, port } = require('../../harness');
const { about, watch } = require('../../netwatch');
const net = require('net');

// A socket that is read from, then one whose buffer is full.
let client;
const server = net.createServer({ pauseOnConnect: true }, (s) => {
  if (!client.readableFlowing) s.write(Buffer.alloc(200_000));
  const every = setInterval(() => {
    const full = client.readableLength >= client.readableHighWaterMark;
    if (!client.readableFlowing && !full) return;
    clearInterval(every);
    s.resetAndDestroy();
  }, 20);
});

function run(name, next) {
  const log = actor(name);
  client = watch(log, net.connect(port, host));
  if (name === 'flowing') client.resume();
  client.on('connect', () => {
    client.write(Buffer.alloc(20_000_000), (e) => log('written', about(e)));
  });
  client.on('close', next);
}

server.listen(port, host, () => run('flowing', () => run('full', () => server.close())));
