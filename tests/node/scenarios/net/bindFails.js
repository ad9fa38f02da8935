'use strict';
const { actor, host, port } = require('../../harness');
const { watch } = require('../../netwatch');
const net = require('net');

const log = actor('main');
watch(log, net.connect({ port, host, localAddress: '10.99.99.99' }));
watch(actor('b'), net.connect({ port, host, localAddress: '10.99.99.99', localPort: 5000 }));
