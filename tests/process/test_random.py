"""
Streams that are driven at random, against a small model of the document: the order
of events, and what becomes of each byte.

A failure tells its seed; C{NODENET_SEED=... trial tests.process.test_random} begins
with that.
"""

from __future__ import annotations

import os
import random
import time

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.trial.unittest import TestCase

from nodenet import net
from nodenet.crypto import createCredentials
from nodenet.errors import NodeError
from tests.certificates import Authority
from tests.helpers import event, turns

#: Seconds that each transport is tried for.
SECONDS = 3.0
#: Of each run.
STEPS = 25
EVENTS = ["connect", "secure", "data", "end", "timeout", "drain", "error", "close"]


class Boom(Exception):
    """
    What a stream is destroyed with.
    """


class Driven:
    """
    A stream, what was done to it and what it has told since it was last closed.
    """

    def __init__(self, case, name, halfOpen, **options):
        self.case, self.name, self.halfOpen = case, name, halfOpen
        self.options = options
        self.forget()

    def forget(self):
        self.log = []
        self.written, self.wrote, self.got = bytearray(), 0, bytearray()
        self.calls = []
        self.ended = self.destroyed = self.paused = self.queued = False
        self.timeout = 0
        self.events = []
        self.closed = Deferred()

    def drive(self, stream):
        self.stream = stream
        for type in EVENTS:
            stream.on(type, lambda *args, type=type: self.told(type, *args))

    def must(self, truth, what):
        if not truth:
            raise self.case.failureException(f"{self.name}: {what}")

    def story(self):
        return "\n".join(f"  {self.name} {each}" for each in self.log)

    def told(self, type, *args):
        """
        An event: may it come now?
        """
        try:
            self.check(type, *args)
        except Exception as e:
            self.case.broken.append(e)

    def check(self, type, *args):
        before, self.log = self.events[-1:], [*self.log, (type, *map(_short, args))]
        self.events.append(type)
        self.must(before != ["close"], f"{type} after close")
        self.must(before != ["error"] or type == "close", f"{type} after error")
        self.must(not self.destroyed or type in ("error", "close"), f"{type} after destroy")
        if type == "connect":
            first = [each for each in self.events if each != "timeout"]
            self.must(first == ["connect"], "connect is not the first")
        elif type == "data":
            [data] = args
            self.must(data and not self.paused, "data while paused, or none")
            self.must("end" not in self.events, "data after end")
            self.must(not self.case.secure or "secure" in self.events, "data before secure")
            self.got += data
        elif type in ("end", "secure"):
            self.must(self.events.count(type) == 1, f"{type} twice")
            self.must(type == "secure" or not self.paused, "end while paused")
        elif type == "drain":
            self.must(self.queued, "drain without a write that was queued")
            self.must(self.stream.bufferSize == 0, "drain while something is queued")
            self.queued = False
        elif type == "timeout":
            self.must(self.timeout, "timeout that nobody asked for")
        elif type == "error":
            self.must(self.stream.readyState == "closed", "error of an open stream")
        elif type == "close":
            self.must(args == ("error" in self.events,), "had_error is wrong")
            self.must(self.stream.readyState == "closed", "close of an open stream")
            self.closed.callback(None)

    # What can be done

    def write(self, random):
        data = random.randbytes(random.choice([0, 1, 10, 1000, 70_000, 400_000]))
        mayFail = (
            self.ended
            or self.stream.readyState == "closed"
            or not self.stream.writable
            or ("end" in self.events and not self.halfOpen)
        )
        number = self.wrote
        self.log.append(("write", len(data)))
        try:
            result = self.stream.write(data, lambda: self.calls.append(number))
        except NodeError:
            self.must(mayFail, "write raised")
            return
        self.wrote += 1
        self.written += data
        self.must(result in (True, False), "write says neither")
        if result:
            self.must(self.stream.bufferSize == 0, "True, but something is queued")
        else:
            self.queued = True

    def end(self, random):
        self.log.append(("end()",))
        self.ended = True
        self.stream.end()

    def pause(self, random):
        if self.stream.readyState != "closed":
            self.log.append(("pause()",))
            self.paused = True
            self.stream.pause()

    def resume(self, random):
        self.log.append(("resume()",))
        self.paused = False
        try:
            self.stream.resume()
        except NodeError:
            self.must(self.stream.readyState == "closed", "resume raised")

    def destroy(self, random):
        error = random.choice([None, Boom()])
        self.log.append(("destroy()", error))
        if self.stream.readyState != "closed":
            self.destroyed = True
        self.stream.destroy(error)
        self.must(self.stream.readyState == "closed", "not closed by destroy")

    def setTimeout(self, random):
        self.timeout = random.choice([0, 1, 1000])
        self.log.append(("setTimeout()", self.timeout))
        self.stream.setTimeout(self.timeout)


def _short(value):
    return len(value) if isinstance(value, bytes) else value


class RandomCase:
    """
    A client and the stream that a server has accepted, over one transport.
    """

    timeout = 60
    secure = False

    def where(self):
        return (0, "127.0.0.1")

    @inlineCallbacks
    def test_whateverIsDoneEventsAndBytesAreInOrder(self):
        self.credentials = None
        if self.secure:
            authority = Authority()
            self.credentials = createCredentials(authority.credentials("localhost"))
            self.trust = createCredentials(ca=authority.pem)
        end = time.monotonic() + SECONDS
        seed = int(os.environ.get("NODENET_SEED") or random.randrange(1 << 30))
        while time.monotonic() < end:
            self.broken = []
            pair = []
            try:
                yield self.run_(random.Random(seed), pair)
            except Exception as e:
                self.broken.insert(0, e)
            if self.broken:
                story = "\n".join(each.story() for each in pair)
                self.fail(f"NODENET_SEED={seed}: {self.broken[0]}\n{story}")
            seed += 1

    @inlineCallbacks
    def run_(self, dice, pair):
        """
        Some connections, one after the other, of one client.
        """
        halfOpen = dice.random() < 0.5, dice.random() < 0.5
        server = net.createServer(allowHalfOpen=halfOpen[1])
        server.listen(*self.where())
        yield event(server, "listening")
        address = server.address()
        where = (address["port"], "127.0.0.1") if "port" in address else (address["address"],)
        client = Driven(self, "client", halfOpen[0])
        client.drive(net.Stream(allowHalfOpen=halfOpen[0]))
        if self.secure:
            client.stream.setSecure(self.trust)
        try:
            for _ in range(dice.choice([1, 1, 2])):
                client.forget()
                accepted = Driven(self, "server", halfOpen[1])
                pair[:] = [client, accepted]
                client.log.append(("connect()", where))
                client.stream.connect(*where)
                yield self.connection(dice, server, client, accepted)
                server.removeAllListeners("connection")
        finally:
            closed = event(server, "close")
            server.close()
            for each in pair:
                if hasattr(each, "stream") and each.stream.readyState != "closed":
                    each.stream.on("error", lambda e: None)
                    each.stream.destroy()
            yield closed
            yield turns(2)

    @inlineCallbacks
    def connection(self, dice, server, client, accepted):
        @server.on("connection")
        def connection(stream):
            accepted.drive(stream)
            if self.secure:
                stream.setSecure(self.credentials)

        kinds = [Driven.write] * 6 + [Driven.pause] * 2 + [Driven.resume] * 3
        kinds += [Driven.setTimeout] * 2
        kinds += dice.choice([[], [Driven.end], [Driven.end], [Driven.destroy]])
        for _ in range(dice.randrange(STEPS)):
            each = dice.choice([client, accepted])
            if hasattr(each, "stream"):
                dice.choice(kinds)(each, dice)
            if dice.random() < 0.4:
                yield turns(dice.randrange(1, 4))
            if self.broken:
                return
        # Let it come to its end. The server may see the connection later.
        waited = time.monotonic() + 5
        while client.stream.readyState == "opening" or (
            "connect" in client.events and not hasattr(accepted, "stream")
        ):
            yield self.go(waited)
        if client.destroyed:
            yield turns(3)
        both = [each for each in (client, accepted) if hasattr(each, "stream")]
        for each in both:
            each.setTimeout(Fixed(0))
            each.resume(dice)
            each.end(dice)
        while server.connections or not all(each.closed.called for each in both):
            yield self.go(waited)
        yield turns(2)
        if len(both) == 2:
            for sender, receiver in (client, accepted), (accepted, client):
                self.accounted(sender, receiver)

    def go(self, waited):
        if time.monotonic() > waited:
            raise self.failureException("it does not come to its end")
        if self.broken:
            raise self.broken[0]
        return turns()

    def accounted(self, sender, receiver):
        """
        What has become of each byte.
        """
        must = sender.must
        must(receiver.got == sender.written[: len(receiver.got)], "bytes are changed")
        must(sender.calls == list(range(len(sender.calls))), "callbacks are out of order")
        must(sender.events.count("close") == 1, "not closed once")
        if not (sender.destroyed or receiver.destroyed):
            must(receiver.got == sender.written, f"{len(receiver.got)} bytes arrived")
            must(len(sender.calls) == sender.wrote, "callbacks are missing")
            must("error" not in sender.events, "an error without a reason")
            must("end" in receiver.events, "no end came")
            must(receiver.stream.bytesRead == len(receiver.got), "bytesRead is wrong")
            must(sender.stream.bytesWritten == len(sender.written), "bytesWritten is wrong")


class Fixed(random.Random):
    """
    A choice that is none.
    """

    def choice(self, seq):
        return seq[0]


class TCPTests(RandomCase, TestCase):
    """
    Over TCP.
    """


class UNIXTests(RandomCase, TestCase):
    """
    Over UNIX sockets.
    """

    def where(self):
        path = os.path.relpath(self.mktemp())
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return (path,)


class TLSTests(RandomCase, TestCase):
    """
    Over TLS.
    """

    secure = True
