'use strict';
const { actor, attempt, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
for (const args of [[true], [[]], [{}], [''], [NaN], [-1], [65536], ['1.5'], [1.5],
                    [{ port: true }], [{ port: [] }], [{ port: '' }], [{ port: 'abc' }],
                    [{ port: -1 }], [{ path: '' }], [{ path: 1 }], [{ path: '5' }],
                    [{ host: 'x' }], [{ fd: -1 }], [{ fd: '1' }],
                    [{ path: '\0x', readableAll: true }], [{ port: 'a', path: 'b' }],
                    [{ port: true, host: 'h' }], [{ signal: 5, port: 0 }],
                    [{ signal: null, port: 0 }]]) {
  attempt(log, 'listen', () => net.createServer().listen(...args));
}
for (const args of [[5], ['a'], [null], [{ keepAliveInitialDelay: 'a' }],
                    [{ highWaterMark: 'a' }], [{ highWaterMark: -1 }], [true], [{}, 5]]) {
  attempt(log, 'Server', () => new net.Server(...args));
}
attempt(log, 'getConnections', () => net.createServer().getConnections(5));
