'use strict';
const { actor, attempt, host } = require('../../harness');
const net = require('net');

// A look-up that answers one address where all were asked for, and the like.
const answers = { one: ['127.0.0.1', 4], text: ['x'], family: [[{ address: '127.0.0.1', family: 100 }]], address: [[{ family: 4 }]] };
for (const [name, answer] of Object.entries(answers)) {
  const log = actor(name);
  const socket = net.connect({ port: 1, host: 'nowhere', lookup: (hostname, options, callback) => callback(null, ...answer) });
  socket.on('lookup', (...args) => log('lookup', ...args));
  socket.on('error', (error) => log('error', error)).on('close', (failed) => log('close', failed));
}
const log = actor('main');
for (const wrong of [Symbol('s'), true, [], {}]) {
  attempt(log, 'connect', () => net.connect(wrong));
  attempt(log, 'listen', () => net.createServer().listen({ port: wrong }));
}
for (const path of ['', false, 0]) {
  const socket = net.connect({ path });
  attempt(log, 'path', () => socket.connecting);
  socket.destroy();
}
for (const localAddress of [5, true, {}, { port: 0 }, [1]])
  attempt(log, 'localAddress', () => net.connect({ port: 1, host, localAddress }));
log(new net.SocketAddress({ flowlabel: 5 }).flowlabel, new net.SocketAddress({ family: 'ipv6', flowlabel: 5 }).flowlabel);
