"""
The conformance kit: what holds of a pair of connected streams over any
transport. C{test_conformance} runs it over each.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults, inlineCallbacks

from nodenet.errors import NodeError
from tests.helpers import event, record, turns

#: More than any kernel or transport buffers on the way.
LARGE = bytes(range(256)) * (48 * 1024)


class Conformance:
    """
    Mixed into a test case that has C{pair}.
    """

    timeout = 10

    def pair(self, **options: Any) -> Deferred[tuple[Any, Any]]:
        """
        @param options: of both streams.
        @return: fires with a client and a server stream that are connected.
        """
        raise NotImplementedError

    @inlineCallbacks
    def test_whatIsWrittenArrivesOnceAndInOrder(self):
        client, server = yield self.pair()
        got = []
        server.on("data", got.append)
        for piece in b"one ", b"", b"two ", "drei €", bytearray(b" x"), memoryview(b" y"):
            client.write(piece)
        client.end()
        yield event(server, "close")
        self.assertEqual(b"".join(got).decode(), "one two drei € x y")
        self.assertEqual(server.bytesRead, client.bytesWritten)

    @inlineCallbacks
    def test_endReachesThePeerAndBothCloseWithoutError(self):
        client, server = yield self.pair()
        seen = record(client), record(server)
        closed = gatherResults([event(client, "close"), event(server, "close")])
        client.end(b"bye")
        yield closed
        yield turns(3)
        self.assertEqual(seen[0], [("end",), ("close", False)])
        self.assertEqual(seen[1], [("data", b"bye"), ("end",), ("close", False)])
        self.assertEqual((client.readyState, server.readyState), ("closed", "closed"))

    @inlineCallbacks
    def test_halfOpenAnswersAfterThePeersEnd(self):
        client, server = yield self.pair(allowHalfOpen=True)
        answer = []
        client.on("data", answer.append)
        ended = event(server, "end")
        client.end(b"question")
        yield ended
        self.assertEqual((client.readyState, server.readyState), ("readOnly", "writeOnly"))
        yield turns(5)
        server.write(LARGE)
        server.end(b"that is all")
        yield gatherResults([event(client, "close"), event(server, "close")])
        self.assertEqual(b"".join(answer), LARGE + b"that is all")

    @inlineCallbacks
    def test_withoutHalfOpenThePeersEndEndsUsAfterWhatIsQueued(self):
        client, server = yield self.pair()
        got = []
        client.on("data", got.append)
        client.pause()
        self.assertFalse(server.write(LARGE))
        ended = event(server, "end")
        client.end()
        yield ended
        self.assertEqual(server.readyState, "writeOnly")
        self.assertRaises(NodeError, server.write, b"late")
        client.resume()
        yield gatherResults([event(client, "close"), event(server, "close")])
        self.assertEqual(b"".join(got), LARGE)

    @inlineCallbacks
    def test_pauseHoldsDataAndNothingIsLost(self):
        client, server = yield self.pair()
        got = []
        server.on("data", got.append)
        server.pause()
        client.write(b"while paused")
        yield turns(10)
        self.assertEqual(got, [])
        server.resume()
        yield event(server, "data")
        server.pause()
        client.end(LARGE)
        yield turns(10)
        self.assertEqual(got, [b"while paused"])
        server.resume()
        yield gatherResults([event(client, "close"), event(server, "close")])
        self.assertEqual(b"".join(got), b"while paused" + LARGE)

    @inlineCallbacks
    def test_aPauseInADataListenerHoldsAtOnce(self):
        client, server = yield self.pair()
        got = []

        def once(data):
            got.append(data)
            server.pause()
            reactor.callLater(0, lambda: server.readyState != "closed" and server.resume())

        server.on("data", once)
        client.end(LARGE)
        yield gatherResults([event(client, "close"), event(server, "close")])
        self.assertEqual(b"".join(got), LARGE)

    @inlineCallbacks
    def test_writeSaysFalseWhenItQueuesAndDrainFollowsOnce(self):
        client, server = yield self.pair()
        server.pause()
        drains = []
        client.on("drain", lambda: drains.append(client.bufferSize))
        self.assertTrue(client.write(b"small"))
        self.assertFalse(client.write(LARGE))
        self.assertFalse(client.write(b"tail"))
        self.assertTrue(0 < client.bufferSize <= len(LARGE) + 4)
        yield turns(10)
        self.assertEqual(drains, [])
        server.resume()
        yield event(client, "drain")
        yield turns(5)
        self.assertEqual(drains, [0])
        self.assertTrue(client.write(b"again"))
        client.end()
        yield event(client, "close")
        self.assertEqual(client.bytesWritten, len(LARGE) + 14)

    @inlineCallbacks
    def test_callbacksComeInOrderEachAfterItsData(self):
        client, server = yield self.pair()
        calls = []
        server.pause()
        client.write(b"a", lambda: calls.append("a"))
        self.assertEqual(calls, ["a"])
        client.write(LARGE, lambda: calls.append("large"))
        client.write("b", "utf8", lambda: calls.append("b"))
        client.write("c", callback=lambda: calls.append("c"))
        yield turns(10)
        self.assertEqual(calls, ["a"])
        server.resume()
        client.end()
        yield event(client, "close")
        self.assertEqual(calls, ["a", "large", "b", "c"])

    @inlineCallbacks
    def test_destroyEndsAllEventsButClose(self):
        client, server = yield self.pair()
        client.write(b"go")
        yield event(server, "data")
        client.write(b"more")
        seen = record(server)
        closed = event(server, "close")
        server.destroy()
        self.assertEqual(server.readyState, "closed")
        self.assertRaises(NodeError, server.write, b"x")
        self.assertEqual(seen, [])
        client.on("error", lambda e: None)
        yield gatherResults([closed, event(client, "close")])
        self.assertEqual(seen, [("close", False)])

    @inlineCallbacks
    def test_destroyWithAnExceptionTellsItThenCloses(self):
        client, server = yield self.pair()
        seen = record(client)
        server.on("error", lambda e: None)  # over TLS, this was not the end
        client.destroy(ValueError("boom"))
        client.destroy()
        yield gatherResults([event(client, "close"), event(server, "close")])
        self.assertEqual([each[0] for each in seen], ["error", "close"])
        self.assertEqual((str(seen[0][1]), seen[1][1]), ("boom", True))

    @inlineCallbacks
    def test_pipeMovesAllOfBothWaysAtOnce(self):
        client, server = yield self.pair()
        server.pipe(server)
        got = []
        client.on("data", got.append)
        client.on("data", lambda data: len(b"".join(got)) == len(LARGE) and client.end())
        client.write(LARGE)
        yield event(client, "close")
        self.assertEqual(b"".join(got), LARGE)
