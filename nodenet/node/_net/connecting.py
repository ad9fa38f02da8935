"""
A socket's way to a connection: the name is looked up, its addresses are tried.

Source: Node 20, C{lib/net.js}, C{lookupAndConnect} and what it calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from errno import ECANCELED, EINVAL, ETIMEDOUT
from typing import Any

from nodenet._address import isIP
from nodenet._net.connecting import EndpointConnecting
from nodenet._transports.choose import endpointFor
from nodenet._transports.connector import Attempt
from nodenet.node._inspect import undefined
from nodenet.node._net.arguments import truthy
from nodenet.node._net.attempt import bound, connectTCP, connectUNIX
from nodenet.node._net.connection import Connection
from nodenet.node._net.defaults import (
    getDefaultAutoSelectFamily,
    getDefaultAutoSelectFamilyAttemptTimeout,
)
from nodenet.node._net.handle import Handle
from nodenet.node._net.lookup import ADDRCONFIG, lookup
from nodenet.node._net.turns import guarded, turn
from nodenet.node.errors import (
    ERR_INVALID_ADDRESS_FAMILY,
    ERR_INVALID_ARG_TYPE,
    ERR_INVALID_IP_ADDRESS,
    ERR_SOCKET_CONNECTION_TIMEOUT,
    AggregateError,
    systemError,
)
from nodenet.node.validators import (
    isNumber,
    validateBoolean,
    validateFunction,
    validateInt32,
    validateNumber,
    validatePort,
)
from nodenet.timers import nextTick, theReactor

__all__ = ["Connecting"]

_ANY = {4: "0.0.0.0", 6: "::"}
_FAMILIES = {"IPv4": 4, "IPv6": 6}


def _bind(addressType: Any, localAddress: Any, localPort: Any) -> tuple[Any, str]:
    """
    @return: a socket that is bound, and its name if its port was asked for; where nothing is,
        C{None} and no text.
    @raise OSError: it cannot be bound.
    """
    if not addressType or not (truthy(localAddress) or truthy(localPort)):
        return None, ""
    localAddress = localAddress if truthy(localAddress) else _ANY[addressType]
    localPort = int(localPort) if truthy(localPort) else localPort
    try:
        if isIP(localAddress) != addressType:
            raise OSError(EINVAL, "")
        skt = bound(localAddress, int(localPort or 0))
    except OSError as e:
        raise systemError(e.errno or EINVAL, "bind", localAddress, localPort) from None
    return skt, f"{localAddress}:{localPort}" if truthy(localPort) else ""


class Connecting(Connection):
    """
    A socket that can find its way.
    """

    __slots__ = ()

    def _lookupAndConnect(self, options: Mapping[str, Any]) -> None:
        localAddress, localPort = options.get("localAddress"), options.get("localPort")
        host = options.get("host")
        if not truthy(host):
            host = "localhost"
        if truthy(localAddress) and not isIP(localAddress):
            raise ERR_INVALID_IP_ADDRESS(localAddress)
        if truthy(localPort):
            validateNumber(localPort, "options.localPort")
        port = options.get("port", undefined)
        if port is undefined:  # and the path is none, but not None
            port = 0
        elif not isNumber(port) and not isinstance(port, str):
            raise ERR_INVALID_ARG_TYPE("options.port", ["number", "string"], port)
        else:
            port = validatePort(port)
        several, timeout = _autoSelection(options)
        addressType = isIP(host)
        if addressType:
            nextTick(
                self._connectIf,
                host,
                port,
                addressType,
                localAddress,
                localPort,
                reactor=self._reactor,
            )
            return
        hook = options.get("lookup")
        if hook is not None:
            validateFunction(hook, "options.lookup")
        family = options.get("family")
        family = _FAMILIES.get(family, family) if isinstance(family, str) else family
        asked: dict[str, Any] = {"hints": options.get("hints") or 0}
        if family is not None:
            asked = {"family": family, **asked}
        if family not in (4, 6) and asked["hints"] == 0:
            asked["hints"] = ADDRCONFIG
        self._host = host
        way = _Way(self, str(host), port, localPort, options)
        answer: Callable[..., None]
        if family not in (4, 6) and not truthy(localAddress) and several:
            asked["all"] = True
            way.timeout = timeout
            answer = way.severalFound
        else:
            way.localAddress = localAddress
            answer = way.oneFound
        if hook is not None:
            hook(host, asked, answer)
        else:
            lookup(self._reactor, host, asked, answer)

    def _connectIf(self, *args: Any) -> None:
        if self.connecting:
            self._internalConnect(*args)

    def _internalConnect(
        self, address: str, port: Any, addressType: Any, localAddress: Any, localPort: Any
    ) -> None:
        """
        Connect to one address, and fail if that does.

        @param addressType: 4, 6, or C{None} of a path.
        """
        handle = self._handle
        assert handle is not None
        try:
            skt, local = _bind(addressType, localAddress, localPort)
        except OSError as e:
            self.destroy(e)
            return

        def failed(reason: Any, canceled: bool) -> None:
            if self.destroyed or self._handle is not handle:  # it may connect anew by now
                return
            self.connecting = False
            self._sockname = None
            self.emit("connectionAttemptFailed", address, port, addressType, reason)
            self.destroy(reason)

        if self._announce(skt, address, port, addressType):
            self._try(
                address, port, addressType, skt, local,
                self._attemptSucceeded, failed, self.destroy,
            )  # fmt: skip

    def _announce(self, skt: Any, address: str, port: Any, addressType: Any) -> bool:
        """
        @param skt: that is bound; else C{None}.
        @return: whether to go on.
        """
        handle = self._handle
        assert handle is not None
        handle.bound = skt
        self.emit("connectionAttempt", address, port, addressType)
        if not self.connecting or self._handle is not handle:
            return False
        handle.bound = None
        return True

    def _try(
        self,
        address: str,
        port: Any,
        addressType: Any,
        skt: Any,
        local: str,
        succeeded: Callable[[Any], object],
        failed: Callable[[Any, bool], object],
        refused: Callable[[Any], object],
    ) -> bool:
        """
        Try one address.

        @param succeeded: called with the attempt.
        @param failed: called with the error, and whether the attempt was canceled.
        @param refused: called now, with what the system says at once.
        @return: whether the outcome is yet to come.
        """
        handle = self._handle
        assert handle is not None

        def fails(attempt: Any, error: OSError, canceled: bool = False) -> None:
            handle.canceled = None
            failed(self._connectError(error.errno or EINVAL, address, port, local), canceled)

        if handle.busy:
            errno = handle.connectAgain(address, port)
            if errno:
                refused(self._refused(errno, address, port))
            else:
                turn(self._reactor, guarded, self, self._connected)
            return False
        endpoint = self._endpoint(address, port, addressType)
        if endpoint is not None:
            self._byEndpoint(endpoint, address, port, lambda error: fails(None, error))
            return True
        reactor = self._itsReactor
        attempt: Any
        if addressType:
            attempt = connectTCP(reactor, address, port, skt, succeeded, fails)
        else:
            attempt = connectUNIX(reactor, address, succeeded, fails)
        handle.attempt = attempt
        if attempt.refused:
            refused(self._refused(attempt.refused, address, port))
            return False
        handle.canceled = lambda: fails(None, OSError(ECANCELED, ""), True)
        return True

    def _refused(self, errno: int, address: str, port: Any) -> Any:
        """
        @param errno: that the system has told at once.
        """
        its = self._getsockname()
        where = f"{its.get('address', 'undefined')}:{its.get('port', 'undefined')}"
        return systemError(errno, "connect", address, port, where)

    def _connectError(self, errno: int, address: str, port: Any, local: str) -> Any:
        error = systemError(errno, "connect", address, port, local)
        if local:
            error.localAddress, _, where = local.rpartition(":")  # type: ignore[attr-defined]
            error.localPort = int(where)  # type: ignore[attr-defined]
        return error

    def _attemptSucceeded(self, attempt: Attempt) -> None:
        if self.destroyed or self._handle is None:
            return
        self._started(attempt.transport(self))
        guarded(self, self._connected)

    def _endpoint(self, address: str, port: Any, addressType: Any) -> Any:
        """
        @return: how a reactor connects that is not POSIX; else C{None}.
        """
        reactor = theReactor(self._reactor)
        if addressType:
            return endpointFor(reactor, address, port, None)
        return endpointFor(reactor, None, None, address.encode())

    def _byEndpoint(self, endpoint: Any, host: Any, port: Any, failed: Any) -> None:
        handle = self._handle
        assert handle is not None

        def notConnected(error: BaseException) -> None:
            if self._handle is handle:
                handle.attempt = None
                failed(error)

        handle.attempt = way = EndpointConnecting(endpoint, self, notConnected, (host, port))
        way.connect()

    @property
    def _current(self) -> Handle | None:
        return self._handle

    @property
    def _itsReactor(self) -> Any:
        return theReactor(self._reactor)

    def _newHandle(self) -> None:
        """
        The next address has one of its own.
        """
        handle = Handle(self, self._reactor)
        old, self._handle = self._handle, handle
        if old is not None:
            old.close()
        self._initSocketHandle()

    def _connectByEndpoint(self, endpoint: Any) -> None:
        """
        Any of Twisted's.
        """

        def failed(error: BaseException) -> None:
            self.connecting = False
            self.destroy(error)

        self._byEndpoint(endpoint, None, None, failed)


def _autoSelection(options: Mapping[str, Any]) -> tuple[bool, float]:
    """
    @return: whether several addresses are tried, and for how many milliseconds each.
    """
    several = options.get("autoSelectFamily")
    if several is not None:
        validateBoolean(several, "options.autoSelectFamily")
    else:
        several = getDefaultAutoSelectFamily()
    timeout = options.get("autoSelectFamilyAttemptTimeout")
    if timeout is not None:
        validateInt32(timeout, "options.autoSelectFamilyAttemptTimeout", 1)
        timeout = max(timeout, 10)
    else:
        timeout = getDefaultAutoSelectFamilyAttemptTimeout()
    return bool(several), timeout


def _entry(answer: Any) -> tuple[Any, Any]:
    """
    @return: the address and the family of one of several that a C{lookup} has answered; of
        what is no such answer, such as one address where all were asked for, neither.
    """
    if isinstance(answer, Mapping):
        return answer.get("address", undefined), answer.get("family", undefined)
    return undefined, undefined


class _Way:
    """
    What is known while a name is looked up, and while its addresses are tried one after the
    other.
    """

    def __init__(
        self, socket: Any, host: str, port: int, localPort: Any, options: Mapping[str, Any]
    ) -> None:
        self._socket = socket
        self._host = host
        self._port = port
        self._localPort = localPort
        self._options = options
        self.localAddress: Any = None
        self.timeout: float = 0
        self._addresses: list[tuple[str, int]] = []
        self._current = 0
        self._errors: list[BaseException] = []
        self._timer: Any = None

    def _destroySoon(self, error: Any) -> None:
        # Whoever has called connect has not had the time to listen.
        socket = self._socket
        nextTick(socket.destroy, error, reactor=socket._itsReactor)

    def _badAddress(self, ip: Any, addressType: Any) -> Any:
        if not isIP(ip):
            return ERR_INVALID_IP_ADDRESS(ip)
        if addressType not in (4, 6) or isinstance(addressType, bool):
            return ERR_INVALID_ADDRESS_FAMILY(
                addressType,
                self._options.get("host", undefined),
                self._options.get("port", undefined),
            )
        return None

    def oneFound(
        self, error: Any = None, ip: Any = None, addressType: Any = None, *_: Any
    ) -> None:
        """
        What the look-up of one address calls.
        """
        socket = self._socket
        socket.emit("lookup", error, ip, addressType, self._host)
        if not socket.connecting:
            return
        error = error or self._badAddress(ip, addressType)
        if error:
            self._destroySoon(error)
            return
        socket.onStreamTouch()
        socket._internalConnect(ip, self._port, addressType, self.localAddress, self._localPort)

    def severalFound(self, error: Any = None, addresses: Any = None, *_: Any) -> None:
        """
        What the look-up of all addresses calls.
        """
        socket = self._socket
        if not socket.connecting:
            return
        if error:
            socket.emit("lookup", error, None, None, self._host)
            self._destroySoon(error)
            return
        valid: dict[int, dict[str, int]] = {}
        if not addresses:
            raise TypeError("The look-up has answered no address")
        pairs = list(map(_entry, addresses))
        for ip, addressType in pairs:
            socket.emit("lookup", None, ip, addressType, self._host)
            if not socket.connecting:
                return
            if self._badAddress(ip, addressType) is None:
                valid.setdefault(addressType, {})[ip] = addressType
        if not valid:
            self._destroySoon(self._badAddress(*pairs[0]))
            return
        groups = [list(each.items()) for each in valid.values()]
        for index in range(max(map(len, groups))):
            self._addresses += [each[index] for each in groups if index < len(each)]
        socket.onStreamTouch()
        if len(self._addresses) == 1:
            ip, addressType = self._addresses[0]
            socket._internalConnect(ip, self._port, addressType, None, self._localPort)
            return
        socket.autoSelectFamilyAttemptedAddresses = []
        self._next()

    def _next(self, canceled: bool = False) -> None:
        """
        Try the next address.

        @param canceled: there is to be none.
        """
        socket = self._socket
        self._stopTimer()
        if socket.aborted or not socket.connecting:
            return
        if canceled or self._current == len(self._addresses):
            socket.destroy(
                AggregateError(self._errors)
                if self._errors
                else ERR_SOCKET_CONNECTION_TIMEOUT()
            )
            return
        current = self._current
        self._current += 1
        if current:
            socket._newHandle()
        address, addressType = self._addresses[current]
        try:
            skt, local = _bind(addressType, None, self._localPort)
        except OSError as e:
            self._errors.append(e)
            self._next()
            return
        if socket._announce(skt, address, self._port, addressType):
            socket.autoSelectFamilyAttemptedAddresses.append(f"{address}:{self._port}")
            self._try(address, addressType, skt, local)

    def _try(self, address: str, addressType: int, skt: Any, local: str) -> None:
        socket = self._socket
        port = self._port

        def succeeded(attempt: Any) -> None:
            self._stopTimer()
            socket._attemptSucceeded(attempt)

        def missed(reason: Any) -> None:
            self._errors.append(reason)
            socket.emit("connectionAttemptFailed", address, port, addressType, reason)

        def failed(reason: Any, canceled: bool) -> None:
            self._stopTimer()
            missed(reason)
            if socket.connecting:
                self._next(canceled)

        def refused(reason: Any) -> None:
            missed(reason)
            self._next()

        waits = socket._try(address, port, addressType, skt, local, succeeded, failed, refused)
        if waits and self._current < len(self._addresses):
            self._timer = socket._itsReactor.callLater(
                self.timeout / 1000, self._late, address, addressType, local
            )

    def _late(self, address: str, addressType: int, local: str) -> None:
        """
        The time for this address is up.
        """
        self._timer = None
        socket = self._socket
        if socket._current is None:
            return
        socket.emit("connectionAttemptTimeout", address, self._port, addressType)
        self._errors.append(socket._connectError(ETIMEDOUT, address, self._port, local))
        handle = socket._current
        if handle is not None and handle.attempt is not None:
            handle.canceled = None
            handle.attempt.cancel()
        if socket.connecting:
            self._next()

    def _stopTimer(self) -> None:
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
