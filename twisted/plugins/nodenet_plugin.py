"""
The twistd plugins. What they offer is named by strings, so that to list it
imports nothing of nodenet, and no reactor.
"""

from twisted.application.reactors import Reactor
from twisted.application.service import ServiceMaker

nodenet = ServiceMaker(
    "nodenet",
    "nodenet.service",
    "A TCP and UNIX socket server with the manners of Node's net: echo, or a relay.",
    "nodenet",
)

nodenetReactor = Reactor(
    "nodenet", "nodenet.reactor", "epoll(7)-based reactor that spends less on each event."
)
