'use strict';
const { actor, attempt, host, port } = require('../../harness');
const net = require('net');

const log = actor('main');
for (const args of [[true], [[]], [{}], [null], [], [''], [NaN], [-1], [65536], ['1.5'], [1.5],
                    [{ port: true }], [{ port: [] }], [{ port: {} }], [{ port: null }],
                    [{ port: '' }], [{ port: -1 }], [{ port: 'abc' }], [{ port: 65536 }],
                    [{ path: 1 }], [{ path: {} }], [{ port: 1, localAddress: 'x' }],
                    [{ port: 1, localPort: 'a' }], [{ port: 1, host: 'a', lookup: 5 }],
                    [{ port: 1, autoSelectFamily: 1 }],
                    [{ port: 1, autoSelectFamilyAttemptTimeout: 0 }],
                    [{ port: 1, autoSelectFamilyAttemptTimeout: 'a' }], [{ port: 1, host: 1 }],
                    [{ port: 1, host: true }], [{ port: 1, family: 100 }],
                    [{ port: 1, family: 'x' }], [{ port: 1, hints: -1 }],
                    [{ port: 1, timeout: 'a' }], [{ port: 1, timeout: -1 }],
                    [{ port: 1, keepAliveInitialDelay: 'a' }], [{ objectMode: true, port: 1 }],
                    [{ readableObjectMode: true, port: 1 }],
                    [{ writableObjectMode: 1, port: 1 }], [{ port: 1, fd: 'a' }],
                    [{ port: 1, fd: -1 }], [{ port: 1, highWaterMark: -1 }],
                    [{ port: 1, signal: 1 }]]) {
  attempt(log, 'connect', () => net.connect(...args));
}
