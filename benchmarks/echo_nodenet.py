"""
Echo with C{net.createServer} and C{pipe}. (The daemon, C{twistd nodenet}, needs no script.)

TIMEOUT in the environment: seconds after which an idle connection is closed; TLS: a file
of certificate and key, to serve TLS with.
"""

import os

import nodenet.reactor

nodenet.reactor.install()

from twisted.internet import reactor  # noqa: E402

from nodenet import net  # noqa: E402
from nodenet.crypto import createCredentials  # noqa: E402

timeout = float(os.environ.get("TIMEOUT", 0))
pem = os.environ.get("TLS")


def echo(stream):
    if credentials is not None:
        stream.setSecure(credentials)
    stream.on("error", lambda error: None)
    if timeout:
        stream.setTimeout(timeout * 1000)
        stream.on("timeout", stream.destroy)
    stream.pipe(stream)


credentials = None
if pem:
    with open(pem) as file:
        text = file.read()
    credentials = createCredentials(key=text, cert=text)
server = net.createServer(echo)
server.listen(
    0,
    "127.0.0.1",
    lambda: print("Listening on 127.0.0.1:{port}".format(**server.address()), flush=True),
)
reactor.run()
