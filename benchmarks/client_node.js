// The client of client_nodenet.py.
const net = require('net');

const [port, count] = process.argv.slice(2).map(Number);
const message = Uint8Array.from({ length: 64 }, (_, i) => i * 31);

function dial() {
  let got = Buffer.alloc(0);
  const stream = net.connect(port, '127.0.0.1', () => stream.write(message));
  stream.on('data', (data) => {
    got = got.length ? Buffer.concat([got, data]) : data;
    if (got.equals(message)) stream.destroy();
  });
  stream.on('close', dial); // an error ends the process
}

for (let i = 0; i < count; i++) dial();
