// Echo with pipe. TIMEOUT and TLS in the environment: see echo_nodenet.py.
const { TIMEOUT, TLS } = process.env;

function echo(stream) {
  stream.on('error', () => {});
  if (TIMEOUT) stream.setTimeout(TIMEOUT * 1000, () => stream.destroy());
  stream.pipe(stream);
}

const pem = TLS && require('fs').readFileSync(TLS);
const server = pem
  ? require('tls').createServer({ key: pem, cert: pem }, echo)
  : require('net').createServer(echo);
server.listen(0, '127.0.0.1', () => console.log(`Listening on 127.0.0.1:${server.address().port}`));
