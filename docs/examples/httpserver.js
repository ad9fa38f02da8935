// Files over HTTP/1.0, by hand.
// Usage: node httpserver.js FOLDER [PORT], then: curl http://localhost:PORT/NAME
'use strict';

const fs = require('node:fs');
const net = require('node:net');
const path = require('node:path');
const { once } = require('node:events');
const { promises } = require('node:stream');

// Characters that a request's head may have.
const HEAD = 16384;
// Milliseconds that nothing may move.
const IDLE = 30_000;

async function readHead(socket) {
  let head = '';
  // A loop that is left ends its stream, unless it is told not to.
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    head += chunk.toString('latin1');
    if (head.includes('\r\n\r\n')) return head;
    if (head.length > HEAD) break;
  }
  throw new Error('no request');
}

async function answer(socket, folder) {
  const [method, target] = (await readHead(socket)).split(' ');
  if (method !== 'GET') throw new Error(`${method} is not known`);
  // Joined to '/', so that no '..' leads out of the folder.
  const name = folder + path.posix.join('/', decodeURIComponent(target));
  const stats = await fs.promises.stat(name);
  if (!stats.isFile()) throw new Error(`${name} is no file`);
  socket.resume(); // whatever else it sends: an end that nobody reads up to never comes
  socket.write(`HTTP/1.0 200 OK\r\nContent-Length: ${stats.size}\r\n\r\n`);
  await promises.pipeline(fs.createReadStream(name), socket);
}

async function main(folder, port = 0) {
  async function connection(socket) {
    const name = `${socket.remoteAddress}:${socket.remotePort}`;
    socket.on('error', () => {}); // told below, or too late to matter
    socket.setTimeout(IDLE, () => socket.destroy(new Error('timeout')));
    try {
      await answer(socket, folder);
    } catch (error) {
      console.log(`${name}: ${error.message}`);
      if (socket.bytesWritten) socket.destroy();
      else socket.end('HTTP/1.0 404 Not Found\r\n\r\nNot found\n').resume();
    }
  }

  // Half-open: a client may end with its request, and still wants the answer.
  const server = net.createServer({ allowHalfOpen: true }, connection).listen(port);
  await once(server, 'listening');
  console.log(`listening on ${server.address().port}`);
  await once(server, 'close');
}

main(...process.argv.slice(2));
