// A TCP proxy that replaces one text by another, both ways.
// Usage: node proxy.js PORT HOST HOSTPORT [OLD NEW]
'use strict';

const net = require('node:net');
const { once } = require('node:events');
const { PassThrough, Transform, pipeline } = require('node:stream');

class Replace extends Transform {
  constructor(old, by) {
    super();
    [this.old, this.by] = [old, by].map((text) => Buffer.from(text).toString('latin1'));
    this.held = ''; // what may be the begin of an old text: its rest is in the next chunk
  }

  _transform(chunk, encoding, callback) {
    const parts = (this.held + chunk.toString('latin1')).split(this.old);
    const last = parts.pop();
    let size = Math.min(last.length, this.old.length - 1);
    while (!this.old.startsWith(last.slice(last.length - size))) size -= 1;
    this.held = last.slice(last.length - size);
    parts.push(last.slice(0, last.length - size));
    callback(null, Buffer.from(parts.join(this.by), 'latin1'));
  }

  _flush(callback) {
    callback(null, Buffer.from(this.held, 'latin1'));
  }
}

async function main(port, host, hostPort, old, by = '') {
  const change = () => (old ? new Replace(old, by) : new PassThrough());
  // Half-open on both sides: the end of one way is not the end of the other.
  const server = net.createServer({ allowHalfOpen: true }, (client) => {
    const name = `${client.remoteAddress}:${client.remotePort}`;
    const upstream = net.connect({ host, port: hostPort, allowHalfOpen: true });
    const done = (error) => error && console.log(`${name}: ${error.code}`);
    // When one stream fails, pipeline destroys the others.
    pipeline(client, change(), upstream, done);
    pipeline(upstream, change(), client, done);
  });
  server.listen(port);
  await once(server, 'listening');
  console.log(`listening on ${server.address().port}`);
  await once(server, 'close');
}

main(...process.argv.slice(2));
