"""
Twisted's endpoints, made so that their TCP and UNIX connections have nodenet's transports:
a half-close is one, what is written goes out at once, and errors are the system's.
"""

from __future__ import annotations

from typing import Any, NoReturn

from twisted.internet import endpoints
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IStreamClientEndpoint, IStreamServerEndpoint
from twisted.python.failure import Failure
from zope.interface import implementer

from nodenet._interfaces import ReactorLike
from nodenet._transports.choose import directReactor, listenFD
from nodenet._transports.failures import asOSError

__all__ = ["DescriptorEndpoint", "clientFromString", "serverFromString"]


def serverFromString(reactor: ReactorLike, description: str) -> IStreamServerEndpoint:
    """
    Twisted's C{serverFromString}. C{listen} fails with the C{OSError} (C{errno}, C{code}).

    @raise Exception: the description is wrong; what Twisted raises.
    """
    return _Server(  # pyright: ignore[reportReturnType]
        endpoints.serverFromString(directReactor(reactor), description)
    )


def clientFromString(reactor: ReactorLike, description: str) -> IStreamClientEndpoint:
    """
    Twisted's C{clientFromString}.

    @raise Exception: the description is wrong; what Twisted raises.
    """
    endpoint: IStreamClientEndpoint = endpoints.clientFromString(
        directReactor(reactor), description
    )
    return endpoint


@implementer(IStreamServerEndpoint)
class _Server:
    def __init__(self, endpoint: Any) -> None:
        self._endpoint = endpoint

    def listen(self, factory: Any) -> Deferred[Any]:
        return self._endpoint.listen(factory).addErrback(_listenFailed)  # type: ignore[no-any-return]


@implementer(IStreamServerEndpoint)
class DescriptorEndpoint:
    """
    Listens on a socket that is bound and listening already; it is the endpoint's from then
    on.
    """

    def __init__(self, reactor: ReactorLike, fd: int) -> None:
        self._reactor = reactor
        self._fd = fd

    def listen(self, factory: Any) -> Deferred[Any]:
        listening = maybeDeferred(listenFD, self._reactor, self._fd, factory)
        return listening.addErrback(_listenFailed)


def _listenFailed(failure: Failure) -> NoReturn:
    raise asOSError(failure.value, "listen") from None
