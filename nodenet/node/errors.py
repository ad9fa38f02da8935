"""
Node's errors: one class for each code, with Node's message.

Source: Node 20, C{internal/errors}, and C{node} itself.

Each has C{code}, C{message} and C{name}; C{str(e)} is the message. JavaScript's
C{TypeError} is Python's, its C{RangeError} an C{OverflowError}, its C{Error} an
C{Exception}; all are L{nodenet.errors.NodeError}. A failed system call is a
L{nodenet.errors.NetError} and of Python's class for its errno, see L{systemError}.
"""

from __future__ import annotations

import builtins
import math
import socket
from collections.abc import Iterable, Sequence
from errno import errorcode
from functools import cache
from typing import Any

from nodenet.errors import HostNotFoundError, NetError, NodeError
from nodenet.node._inspect import Symbol, Undefined, inspect, specificType, text, undefined

__all__ = [
    "ERR_BUFFER_OUT_OF_BOUNDS",
    "ERR_ILLEGAL_CONSTRUCTOR",
    "ERR_INVALID_ADDRESS",
    "ERR_INVALID_ADDRESS_FAMILY",
    "ERR_INVALID_ARG_TYPE",
    "ERR_INVALID_ARG_VALUE",
    "ERR_INVALID_FD_TYPE",
    "ERR_INVALID_HANDLE_TYPE",
    "ERR_INVALID_IP_ADDRESS",
    "ERR_INVALID_RETURN_VALUE",
    "ERR_INVALID_STATE",
    "ERR_INVALID_THIS",
    "ERR_METHOD_NOT_IMPLEMENTED",
    "ERR_MISSING_ARGS",
    "ERR_MULTIPLE_CALLBACK",
    "ERR_OUT_OF_RANGE",
    "ERR_SERVER_ALREADY_LISTEN",
    "ERR_SERVER_NOT_RUNNING",
    "ERR_SOCKET_BAD_PORT",
    "ERR_SOCKET_CLOSED",
    "ERR_SOCKET_CLOSED_BEFORE_CONNECTION",
    "ERR_SOCKET_CONNECTION_TIMEOUT",
    "ERR_STREAM_ALREADY_FINISHED",
    "ERR_STREAM_CANNOT_PIPE",
    "ERR_STREAM_DESTROYED",
    "ERR_STREAM_NULL_VALUES",
    "ERR_STREAM_PREMATURE_CLOSE",
    "ERR_STREAM_PUSH_AFTER_EOF",
    "ERR_STREAM_UNSHIFT_AFTER_END_EVENT",
    "ERR_STREAM_WRITE_AFTER_END",
    "ERR_UNHANDLED_ERROR",
    "ERR_UNKNOWN_ENCODING",
    "AbortError",
    "AggregateError",
    "CodedError",
    "CodedRangeError",
    "CodedTypeError",
    "LookupFailedError",
    "Symbol",
    "SystemCallError",
    "TimeoutError",
    "Undefined",
    "aggregateTwoErrors",
    "codedError",
    "lookupError",
    "messageOf",
    "nameOf",
    "systemError",
    "undefined",
]


class CodedError(NodeError):
    """
    Node's C{Error} with a code.

    Source: Node 20, C{Error}.

    @ivar code: C{'ERR_...'}.
    @ivar message: Node's.
    @ivar name: JavaScript's name of the class.
    @ivar cause: what is behind it, or C{None}.
    """

    code: str | None = None
    name = "Error"
    cause: object = None

    def __init__(self, message: str = "") -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _remade, (type(self), self.args, self.__dict__)


class CodedTypeError(CodedError, TypeError):
    """
    Node's C{TypeError} with a code.

    Source: Node 20, C{TypeError}.
    """

    name = "TypeError"


class CodedRangeError(CodedError, OverflowError):
    """
    Node's C{RangeError} with a code.

    Source: Node 20, C{RangeError}.
    """

    name = "RangeError"


def _remade(its: type[CodedError], args: tuple[Any, ...], state: dict[str, Any]) -> CodedError:
    # Not by its __init__, which is given other things than the message.
    error = its.__new__(its, *args)
    error.__dict__.update(state)
    return error


def codedError(message: str, code: str, **attributes: Any) -> CodedError:
    """
    An error that has no class of its own, such as C{EPIPE} of a write that came late.

    Source: Node 20, C{internal/errors}.

    @return: an C{Error} with this message and code, and these attributes.
    """
    error = CodedError(message)
    error.code = code
    vars(error).update(attributes)
    return error


# What was given is wrong

_TYPES = {
    "string",
    "function",
    "Function",
    "number",
    "object",
    "Object",
    "boolean",
    "bigint",
    "symbol",
}


def _either(words: Sequence[str], between: str = "or") -> str:
    """
    @return: C{'A'}, C{'A or B'}, C{'A, B, or C'}.
    """
    if len(words) < 3:
        return f" {between} ".join(words)
    return f"{', '.join(words[:-1])}, {between} {words[-1]}"


def _isClass(word: str) -> bool:
    return word.isalnum() and "A" <= word[0] <= "Z"


def _expected(expected: Iterable[str]) -> str:
    """
    @return: C{'of type string or an instance of Buffer'}.
    """
    types: list[str] = []
    instances: list[str] = []
    other: list[str] = []
    for word in expected:
        kind = types if word in _TYPES else instances if _isClass(word) else other
        kind.append(word.lower() if kind is types else word)
    if instances and "object" in types:
        types.remove("object")
        instances.append("Object")
    parts = []
    if types:
        parts.append(f"{'one of type' if len(types) > 1 else 'of type'} {_either(types)}")
    if instances:
        parts.append(f"an instance of {_either(instances)}")
    if len(other) > 1:
        parts.append(f"one of {_either(other)}")
    elif other:
        parts.append(f"an {other[0]}" if other[0].lower() != other[0] else other[0])
    return " or ".join(parts)


class ERR_INVALID_ARG_TYPE(CodedTypeError):
    """
    C{The "listener" argument must be of type function. Received null}.
    """

    code = "ERR_INVALID_ARG_TYPE"

    def __init__(self, name: str, expected: str | Sequence[str], actual: object) -> None:
        """
        @param name: of the argument; with a dot, of a property; or C{'first argument'}.
        @param expected: names of types and classes, such as C{'string'}, C{'Function'},
            C{'Buffer'}.
        @param actual: what was given; L{undefined} if it was not.
        """
        words = [expected] if isinstance(expected, str) else expected
        if name.endswith(" argument"):
            what = name
        else:
            what = f'"{name}" {"property" if "." in name else "argument"}'
        must = f"The {what} must be {_expected(words)}."
        super().__init__(f"{must} Received {specificType(actual)}")


class ERR_INVALID_ARG_VALUE(CodedTypeError):
    """
    C{The argument 'name' is invalid. Received 5}.
    """

    code = "ERR_INVALID_ARG_VALUE"

    def __init__(self, name: str, value: object, reason: str = "is invalid") -> None:
        inspected = inspect(value)
        if len(inspected) > 128:
            inspected = f"{inspected[:128]}..."
        kind = "property" if "." in name else "argument"
        super().__init__(f"The {kind} '{name}' {reason}. Received {inspected}")


class ERR_OUT_OF_RANGE(CodedRangeError):
    """
    C{The value of "n" is out of range. It must be >= 0. Received -1}.
    """

    code = "ERR_OUT_OF_RANGE"

    def __init__(self, name: str, wanted: str, received: object) -> None:
        """
        @param wanted: C{'an integer'}, C{'>= 0 && <= 5'}.
        """
        shown = inspect(received)
        # An infinity and NaN are no integers.
        number: Any = None if isinstance(received, bool) else received
        if (
            isinstance(number, (int, float))
            and 2**32 < abs(number) < math.inf
            and number == int(number)
        ):
            shown = _separated(text(received))
        super().__init__(
            f'The value of "{name}" is out of range. It must be {wanted}. Received {shown}'
        )


def _separated(digits: str) -> str:
    """
    @return: C{'4_294_967_297'}; Node cuts whatever string there is, exponents too.
    """
    start = 1 if digits.startswith("-") else 0
    end = len(digits)
    parts: list[str] = []
    while end >= start + 4:
        parts.insert(0, digits[end - 3 : end])
        end -= 3
    return "_".join([digits[:end], *parts])


class ERR_SOCKET_BAD_PORT(CodedRangeError):
    """
    C{Port should be >= 0 and < 65536. Received type number (-1).}
    """

    code = "ERR_SOCKET_BAD_PORT"

    def __init__(self, name: str, port: object, allowZero: bool = True) -> None:
        sign = ">=" if allowZero else ">"
        super().__init__(
            f"{name} should be {sign} 0 and < 65536. Received {specificType(port)}."
        )


class ERR_MISSING_ARGS(CodedTypeError):
    """
    C{The "options" or "port" or "path" argument must be specified}.
    """

    code = "ERR_MISSING_ARGS"

    def __init__(self, *names: str | Sequence[str]) -> None:
        """
        @param names: of arguments that are missing; a list: one of these is.
        """
        words = [
            f'"{each}"' if isinstance(each, str) else " or ".join(f'"{name}"' for name in each)
            for each in names
        ]
        plural = "s" if len(words) > 1 else ""
        super().__init__(f"The {_either(words, 'and')} argument{plural} must be specified")


class ERR_INVALID_RETURN_VALUE(CodedTypeError):
    """
    C{Expected a Promise to be returned from the "f" function but got null.}
    """

    code = "ERR_INVALID_RETURN_VALUE"

    def __init__(self, wanted: str, name: str, value: object) -> None:
        super().__init__(
            f'Expected {wanted} to be returned from the "{name}" function'
            f" but got {specificType(value)}."
        )


class _About(CodedError):
    """
    One whose message has one word in it.
    """

    _pattern = ""

    def __init__(self, about: object) -> None:
        # As util.format does: an object by its contents.
        shown = inspect(about) if isinstance(about, (dict, list, tuple)) else text(about)
        super().__init__(self._pattern.replace("%s", shown))


class ERR_UNKNOWN_ENCODING(_About, CodedTypeError):
    """
    C{Unknown encoding: foo}.
    """

    code = "ERR_UNKNOWN_ENCODING"
    _pattern = "Unknown encoding: %s"


class ERR_INVALID_IP_ADDRESS(_About, CodedTypeError):
    """
    C{Invalid IP address: foo}.
    """

    code = "ERR_INVALID_IP_ADDRESS"
    _pattern = "Invalid IP address: %s"


class ERR_INVALID_FD_TYPE(_About, CodedTypeError):
    """
    C{Unsupported fd type: FILE}.
    """

    code = "ERR_INVALID_FD_TYPE"
    _pattern = "Unsupported fd type: %s"


class ERR_INVALID_THIS(_About, CodedTypeError):
    """
    C{Value of "this" must be of type AbortSignal}.
    """

    code = "ERR_INVALID_THIS"
    _pattern = 'Value of "this" must be of type %s'


class ERR_INVALID_STATE(_About):
    """
    C{Invalid state: foo}.
    """

    code = "ERR_INVALID_STATE"
    _pattern = "Invalid state: %s"


class ERR_METHOD_NOT_IMPLEMENTED(_About):
    """
    C{The _read() method is not implemented}.
    """

    code = "ERR_METHOD_NOT_IMPLEMENTED"
    _pattern = "The %s method is not implemented"


class ERR_STREAM_DESTROYED(_About):
    """
    C{Cannot call write after a stream was destroyed}.
    """

    code = "ERR_STREAM_DESTROYED"
    _pattern = "Cannot call %s after a stream was destroyed"


class ERR_STREAM_ALREADY_FINISHED(_About):
    """
    C{Cannot call end after a stream was finished}.
    """

    code = "ERR_STREAM_ALREADY_FINISHED"
    _pattern = "Cannot call %s after a stream was finished"


class ERR_INVALID_ADDRESS_FAMILY(CodedRangeError):
    """
    C{Invalid address family: 100 localhost:0}.

    @ivar host: that was looked up.
    @ivar port: that was to be connected to.
    """

    code = "ERR_INVALID_ADDRESS_FAMILY"

    def __init__(self, addressType: object, host: str, port: object) -> None:
        where = f"{host}:{text(port)}"
        super().__init__(f"Invalid address family: {text(addressType)} {where}")
        self.host = host
        self.port = port


class ERR_UNHANDLED_ERROR(CodedError):
    """
    C{Unhandled error. ('x')}: an C{error} that nobody listens to, and that is no exception.

    @ivar context: what was emitted.
    """

    code = "ERR_UNHANDLED_ERROR"

    def __init__(self, error: object = undefined) -> None:
        """
        @param error: in words.
        """
        about = "" if error is undefined else f" ({text(error)})"
        super().__init__(f"Unhandled error.{about}")
        self.context: object = None


class ERR_BUFFER_OUT_OF_BOUNDS(CodedRangeError):
    """
    C{"offset" is outside of buffer bounds}.
    """

    code = "ERR_BUFFER_OUT_OF_BOUNDS"

    def __init__(self, name: str | None = None) -> None:
        super().__init__(
            f'"{name}" is outside of buffer bounds'
            if name
            else "Attempt to access memory outside buffer bounds"
        )


# What was done is wrong: a message and nothing else


class _Said(CodedError):
    """
    One whose message is always the same.
    """

    _message = ""

    def __init__(self) -> None:
        super().__init__(self._message)


class ERR_ILLEGAL_CONSTRUCTOR(_Said, CodedTypeError):
    """
    C{Illegal constructor}.
    """

    code = "ERR_ILLEGAL_CONSTRUCTOR"
    _message = "Illegal constructor"


class ERR_INVALID_ADDRESS(_Said):
    """
    C{Invalid socket address}.
    """

    code = "ERR_INVALID_ADDRESS"
    _message = "Invalid socket address"


class ERR_INVALID_HANDLE_TYPE(_Said, CodedTypeError):
    """
    C{This handle type cannot be sent}.
    """

    code = "ERR_INVALID_HANDLE_TYPE"
    _message = "This handle type cannot be sent"


class ERR_STREAM_NULL_VALUES(_Said, CodedTypeError):
    """
    C{write(None)}.
    """

    code = "ERR_STREAM_NULL_VALUES"
    _message = "May not write null values to stream"


class ERR_STREAM_PREMATURE_CLOSE(_Said):
    """
    A stream has closed before its end.
    """

    code = "ERR_STREAM_PREMATURE_CLOSE"
    _message = "Premature close"


class ERR_STREAM_WRITE_AFTER_END(_Said):
    """
    C{write} after C{end}.
    """

    code = "ERR_STREAM_WRITE_AFTER_END"
    _message = "write after end"


class ERR_STREAM_PUSH_AFTER_EOF(_Said):
    """
    C{push} after C{push(None)}.
    """

    code = "ERR_STREAM_PUSH_AFTER_EOF"
    _message = "stream.push() after EOF"


class ERR_STREAM_UNSHIFT_AFTER_END_EVENT(_Said):
    """
    C{unshift} after C{end}.
    """

    code = "ERR_STREAM_UNSHIFT_AFTER_END_EVENT"
    _message = "stream.unshift() after end event"


class ERR_STREAM_CANNOT_PIPE(_Said):
    """
    C{pipe} of a stream that is not readable.
    """

    code = "ERR_STREAM_CANNOT_PIPE"
    _message = "Cannot pipe, not readable"


class ERR_MULTIPLE_CALLBACK(_Said):
    """
    A hook has called back twice.
    """

    code = "ERR_MULTIPLE_CALLBACK"
    _message = "Callback called multiple times"


class ERR_SERVER_ALREADY_LISTEN(_Said):
    """
    C{listen} while listening.
    """

    code = "ERR_SERVER_ALREADY_LISTEN"
    _message = "Listen method has been called more than once without closing."


class ERR_SERVER_NOT_RUNNING(_Said):
    """
    C{close} of a server that is not listening.
    """

    code = "ERR_SERVER_NOT_RUNNING"
    _message = "Server is not running."


class ERR_SOCKET_CLOSED(_Said):
    """
    There is no connection.
    """

    code = "ERR_SOCKET_CLOSED"
    _message = "Socket is closed"


class ERR_SOCKET_CLOSED_BEFORE_CONNECTION(_Said):
    """
    A socket was destroyed while it was connecting.
    """

    code = "ERR_SOCKET_CLOSED_BEFORE_CONNECTION"
    _message = "Socket closed before the connection was established"


class ERR_SOCKET_CONNECTION_TIMEOUT(_Said):
    """
    The time for one of several addresses was up.
    """

    code = "ERR_SOCKET_CONNECTION_TIMEOUT"
    _message = "Socket connection timeout"


# Aborted, and several at once


class AbortError(CodedError):
    """
    A signal has aborted what was going on; C{name} is C{'AbortError'}.

    Source: Node 20, C{AbortError}.

    @ivar code: C{'ABORT_ERR'}; of a signal's own reason, as JavaScript has it, 20.
    @ivar cause: the signal's reason, or C{None}.
    """

    code: Any = "ABORT_ERR"
    name = "AbortError"

    def __init__(
        self, message: str = "The operation was aborted", cause: object = None
    ) -> None:
        super().__init__(message)
        self.cause = cause
        if isinstance(cause, BaseException):
            self.__cause__ = cause


class TimeoutError(CodedError, builtins.TimeoutError):
    """
    The reason of a signal whose time is up.

    Source: Node 20, C{AbortSignal.timeout}, a C{DOMException}.
    """

    code: Any = 23
    name = "TimeoutError"

    def __init__(self, message: str = "The operation was aborted due to timeout") -> None:
        super().__init__(message)


class AggregateError(CodedError):
    """
    Several errors in one, such as those of all addresses of a host.

    Source: Node 20, C{AggregateError}.

    @ivar errors: the list of them.
    @ivar code: the first one's.
    """

    name = "AggregateError"

    def __init__(self, errors: Iterable[BaseException], message: str = "") -> None:
        super().__init__(message)
        self.errors = list(errors)
        self.code = getattr(self.errors[0], "code", None) if self.errors else None


def aggregateTwoErrors(inner: Any, outer: Any) -> Any:
    """
    Source: Node 20, C{internal/errors}, C{aggregateTwoErrors}.

    @return: both in one, the outer one first; or the one that there is.
    """
    if inner is None or outer is None or inner is outer:
        return outer if inner is None else inner
    if isinstance(getattr(outer, "errors", None), list):
        outer.errors.append(inner)
        return outer
    return AggregateError([outer, inner], messageOf(outer))


def messageOf(error: object) -> str:
    """
    Source: Node 20, C{error.message}.

    @return: JavaScript's C{error.message}, whoever made the exception.
    """
    message = getattr(error, "message", None)
    return message if isinstance(message, str) else str(error)


def nameOf(error: object) -> str:
    """
    Source: Node 20, C{error.name}.

    @return: JavaScript's C{error.name}, whoever made the exception.
    """
    name = getattr(error, "name", None)
    # These of Python's have a name of another kind: of what was missing.
    if isinstance(name, str) and not isinstance(
        error, (AttributeError, NameError, ImportError)
    ):
        return name
    if isinstance(error, TypeError):
        return "TypeError"
    return "RangeError" if isinstance(error, (OverflowError, IndexError)) else "Error"


# System calls


class SystemCallError(NetError):
    """
    A system call has failed, with Node 20's message:
    C{connect ECONNREFUSED 127.0.0.1:1 - Local (127.0.0.1:80)}.

    @ivar errno: positive, as in Python and L{nodenet.constants}; Node's is negative.
    @ivar name: C{'Error'}.
    @ivar local: the local address, or C{''}.
    """

    name = "Error"
    local = ""

    @property
    def message(self) -> str:
        """
        C{str(e)}.
        """
        return str(self)

    def __str__(self) -> str:
        where = "" if self.address is None else f" {self.address}"
        if self.port is not None and self.port > 0:  # a path's may be -1
            where += f":{self.port}"
        if self.local:
            where += f" - Local ({self.local})"
        return f"{self.syscall} {self.code}{self._explained()}{where}"

    def _explained(self) -> str:
        words = _WORDS.get(self.code) if self.syscall == "listen" else None
        return super()._explained() if words is None else f": {words}"

    def __reduce__(self) -> tuple[Any, ...]:
        return systemError, (self.errno, self.syscall, self.address, self.port, self.local)


#: libuv's words, besides those that L{nodenet.errors} has
_WORDS = {
    "EEXIST": "file already exists",
    "EISDIR": "illegal operation on a directory",
    "ENOTSUP": "operation not supported on socket",
}


class LookupFailedError(HostNotFoundError):
    """
    A host name could not be looked up: C{getaddrinfo ENOTFOUND foo}.

    @ivar code: C{'ENOTFOUND'}: there is no such name; C{'EAI_AGAIN'}: no name server has
        answered; another of C{getaddrinfo}'s; C{'EINVAL'}: the name is too long.
    @ivar errno: C{socket.EAI_*}, which is negative on Linux; of another failure the system's,
        positive. Node has numbers of its own.
    @ivar name: C{'Error'}.
    """

    name = "Error"
    port = None

    def __init__(
        self, hostname: str, code: str = "ENOTFOUND", errno: int = socket.EAI_NONAME
    ) -> None:
        super().__init__(hostname)
        self.code = code
        self.errno = errno
        self.strerror = str(self)
        self.args = errno, self.strerror

    @property
    def message(self) -> str:
        """
        C{str(e)}.
        """
        return str(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.hostname, self.code, self.errno), self.__dict__


#: C{getaddrinfo}'s errors
_LOOKUPS = {value: name for name, value in vars(socket).items() if name[:4] == "EAI_"}
#: Those that are C{'ENOTFOUND'}.
_NOT_FOUND = {socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)}


def systemError(
    errno: int,
    syscall: str,
    address: str | None = None,
    port: int | None = None,
    local: str = "",
) -> SystemCallError:
    """
    The error of a failed system call, which is of Python's class for its errno too.

    Source: Node 20, C{ErrnoException}, C{ExceptionWithHostPort} and
    C{UVExceptionWithHostPort} (which C{listen} has).

    @param errno: positive.
    @param syscall: C{'connect'}, C{'listen'}, C{'read'}...
    @param local: the local address and port, where Node tells them.
    """
    error = _systemClass(type(OSError(errno, "")).__name__)(errno, syscall, "", address, port)
    if local:
        error.local = local
    return error


def lookupError(hostname: str, reason: BaseException | None = None) -> LookupFailedError:
    """
    The error of a host name that could not be looked up.

    Source: Node 20, C{dns.lookup}.

    @param reason: what C{getaddrinfo} has raised; C{None}: there is no such name.
    """
    number = reason.errno if isinstance(reason, OSError) else None
    if number is None:
        return LookupFailedError(hostname)
    if isinstance(reason, socket.gaierror):
        known = number not in _NOT_FOUND and number in _LOOKUPS
        return LookupFailedError(hostname, _LOOKUPS[number] if known else "ENOTFOUND", number)
    return LookupFailedError(hostname, errorcode.get(number, str(number)), number)


@cache
def _systemClass(name: str) -> type[SystemCallError]:
    """
    @param name: of C{OSError} or one of Python's classes under it.
    """
    if name == "OSError":
        return SystemCallError
    return type(name, (SystemCallError, getattr(builtins, name)), {"__module__": __name__})
