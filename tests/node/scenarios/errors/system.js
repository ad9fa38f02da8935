// Flags: --expose-internals
'use strict';
const { actor, attempt } = require('../../harness');

const log = actor('main');
const { ErrnoException, ExceptionWithHostPort, UVExceptionWithHostPort, DNSException, NodeAggregateError, aggregateTwoErrors } = require('internal/errors');
const { errno } = require('os').constants;
const tell = (e) => log(e, e.syscall, e.address, e.port, e.code, Math.abs(e.errno));
tell(new ExceptionWithHostPort(-errno.ECONNREFUSED, 'connect', '127.0.0.1', 1));
tell(new ExceptionWithHostPort(-errno.ECONNREFUSED, 'connect', '127.0.0.1', 1, '127.0.0.1:80'));
tell(new ExceptionWithHostPort(-errno.ENOENT, 'connect', '/path'));
tell(new ExceptionWithHostPort(-errno.EACCES, 'connect', '/path', 0));
tell(new ErrnoException(-errno.ECONNRESET, 'read'));
tell(new ErrnoException(-errno.EPIPE, 'write'));
for (const code of ['EADDRINUSE', 'EACCES', 'EADDRNOTAVAIL', 'EINVAL', 'ENOTSOCK', 'EAFNOSUPPORT', 'EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM', 'ENAMETOOLONG', 'ENOENT', 'ENOTDIR', 'EROFS', 'ELOOP', 'EPERM', 'EBADF', 'EOPNOTSUPP', 'EISDIR', 'EEXIST'])
  tell(new UVExceptionWithHostPort(-errno[code], 'listen', '127.0.0.1', 80));
tell(new UVExceptionWithHostPort(-errno.EADDRINUSE, 'listen', '/path', -1));
const d = new DNSException(-3008, 'getaddrinfo', 'foo');
log(d, d.syscall, d.hostname, d.code);
const a = new Error('a');
a.code = 'A';
const b = new TypeError('b');
const g = new NodeAggregateError([a, b]);
log(g, g.errors, g.code);
log(aggregateTwoErrors(undefined, a) === a, aggregateTwoErrors(a, undefined) === a, aggregateTwoErrors(a, a) === a);
const t = aggregateTwoErrors(b, a);
log(t, t.errors);
log(aggregateTwoErrors(new Error('c'), t) === t, t.errors);
