// A door that opens to whoever has knocked at some ports, in their order.
// Usage: node door.js PORT KNOCK..., then: node knock.js localhost KNOCK... PORT
'use strict';

const net = require('node:net');
const { once } = require('node:events');

// Milliseconds until knocks are forgotten.
const MEMORY = 10_000;

const knocks = new Map(); // address: how many were right so far

function knocked(address, index) {
  const right = knocks.get(address) ?? 0;
  if (index === right) {
    knocks.set(address, right + 1);
    if (right === 0) setTimeout(() => knocks.delete(address), MEMORY);
  } else {
    knocks.delete(address);
  }
}

async function listen(port, connection) {
  function accepted(socket) {
    socket.on('error', (error) => console.log(`${socket.remoteAddress}: ${error.message}`));
    connection(socket, socket.remoteAddress);
  }

  const server = net.createServer(accepted).listen(port);
  await once(server, 'listening');
  console.log(`listening on ${server.address().port}`);
  return server;
}

async function main(door, ...ports) {
  function entering(socket, address) {
    if (knocks.get(address) === ports.length) socket.end('Come in.\n').resume();
    else socket.resetAndDestroy();
  }

  function knocking(index, socket, address) {
    knocked(address, index);
    socket.end().resume();
  }

  const server = await listen(door, entering);
  for (const [index, port] of ports.entries()) {
    await listen(port, knocking.bind(null, index));
  }
  await once(server, 'close');
}

main(...process.argv.slice(2));
