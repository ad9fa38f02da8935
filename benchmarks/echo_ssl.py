"""
Echo over TLS by the least that Python's C{ssl} can do it with: one loop over epoll. TLS in
the environment: see C{echo_nodenet.py}.
"""

import os
import select
import socket
import ssl
from contextlib import suppress

EDGES = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET


class Connection:
    def __init__(self, stream):
        self.stream = stream
        self.queued = b""

    def go(self):
        """
        @return: whether it is open still. The first C{recv} shakes hands.
        """
        try:
            while True:
                while self.queued:
                    self.queued = self.queued[self.stream.send(self.queued) :]
                self.queued = self.stream.recv(65536)
                if not self.queued:
                    self.stream.unwrap()
                    return False
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return True
        except OSError:
            return False


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.environ["TLS"])
listener = socket.create_server(("127.0.0.1", 0), backlog=511)
listener.setblocking(False)
epoll = select.epoll()
epoll.register(listener, select.EPOLLIN)
connections = {}
print(f"Listening on 127.0.0.1:{listener.getsockname()[1]}", flush=True)
while True:
    for fd, _ in epoll.poll():
        if fd in connections:
            if not connections[fd].go():
                connections.pop(fd).stream.close()
            continue
        with suppress(OSError):
            client, _ = listener.accept()
            client.setblocking(False)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            stream = context.wrap_socket(
                client, server_side=True, do_handshake_on_connect=False
            )
            connections[stream.fileno()] = Connection(stream)
            epoll.register(stream, EDGES)
