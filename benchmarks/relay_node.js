// A relay with pipe both ways. Arguments: port, upstream's port.
const net = require('net');
const [port, upstream] = process.argv.slice(2);

net.createServer({ allowHalfOpen: true }, (client) => {
  const server = net.connect({ port: upstream, host: '127.0.0.1', allowHalfOpen: true });
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
  client.pipe(server).pipe(client);
}).listen(port, '127.0.0.1', 1024);
