'use strict';
const { actor, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
net.connect(port, host).on('close', (...a) => log('close', ...a));
