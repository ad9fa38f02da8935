'use strict';
const { actor, dir, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
watch(log, net.createServer()).listen(port, '10.99.99.99');
watch(actor('path'), net.createServer()).listen(dir + '/no/path');
watch(actor('fd'), net.createServer()).listen({ fd: require('fs').openSync('/dev/null') });
watch(actor('badFd'), net.createServer()).listen({ fd: 99 });
net.createServer().listen(port, '10.99.99.98');
