'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

// A connect of one that is connecting, connected, or has just failed or been destroyed.
const programs = {
  twice(c) { c.connect(port, host); c.connect(port, host); },
  twoTargets(c) { c.connect(1, host); c.connect(port, host); },
  inConnect(c) { let n = 0; c.connect(port, host, () => { if (!n++) c.connect(port, host); }); },
  inError(c) { let n = 0; c.on('error', () => { if (!n++) c.connect(port, host); }); c.connect(1, host); },
  inClose(c) { let n = 0; c.on('close', () => { if (!n++) c.connect(port, host); }); c.connect(1, host); },
  destroyed(c) { c.connect(port, host); c.destroy(); c.connect(port, host); },
};

const server = net.createServer((s) => { s.on('error', () => {}); s.write('hello'); });
server.listen(port, host, async () => {
  for (const [name, program] of Object.entries(programs)) {
    const log = actor(name);
    const c = new net.Socket();
    for (const event of ['connectionAttempt', 'connect', 'close'])
      c.on(event, () => log(event));
    c.on('error', (error) => log(error.code, error.syscall, error.port === port));
    c.on('data', (chunk) => log('data', chunk));
    program(c);
    await new Promise((resolve) => setTimeout(resolve, 60));
    log(c.readyState, c.destroyed);
    c.destroy();
    await new Promise((resolve) => setTimeout(resolve, 20));
    server.getConnections((error, count) => log('left', count));
  }
  server.close();
});
