"""
Tests for L{nodenet.service.record}.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nodenet.service.record import Ending, Record

DEFAULTS = {
    "start": 1764000000.25,
    "duration": 1.5,
    "peer": "192.0.2.1:1",
    "listener": "192.0.2.2:2",
    "upstream": "192.0.2.3:3",
    "attempts": 2,
    "bytesRead": 3,
    "bytesWritten": 4,
    "firstByte": 0.125,
    "ended": Ending.CLIENT_FIN,
    "error": "",
}

#: What has to be escaped, or is no text at all.
ODD = ['"', "\\", "\0", "\n\r\u2028\x7f\x1b", "é€😀", "\ud800", "\udc80x", "</script>", ""]


def line(**fields):
    return Record(**{**DEFAULTS, **fields}).json()


class RecordTests(SynchronousTestCase):
    """
    C{Record}.
    """

    def test_aLineHasAllFieldsInTheirOrder(self):
        record = Record(**DEFAULTS)
        loaded = json.loads(record.json())
        self.assertEqual(list(loaded), list(asdict(record)))
        self.assertEqual(
            loaded,
            {
                **DEFAULTS,
                "start": "2025-11-24T16:00:00.250+00:00",
                "ended": "client-fin",
                "count": 1,
            },
        )

    def test_aLineIsOneAndASCII(self):
        for text in ODD:
            whole = line(peer=text, listener=text, upstream=text, error=text)
            self.assertTrue(whole.isascii(), text)
            self.assertEqual(whole.splitlines(True), [whole])
            self.assertTrue(whole.endswith("}\n"))

    def test_oddTextsAreThemselves(self):
        for text in ODD:
            for field in "peer", "listener", "upstream", "error":
                self.assertEqual(json.loads(line(**{field: text}))[field], text)

    # The address of a PROXY header, and what it is refused with, are anybody's.
    @settings(deadline=None, database=None, derandomize=True)
    @given(st.text(st.characters()), st.text(st.characters()))
    def test_anyTextIsAsJSONHasIt(self, one, other):
        loaded = json.loads(line(peer=one, listener=other, upstream=one + other, error=other))
        for field, text in [
            ("peer", one),
            ("listener", other),
            ("upstream", one + other),
            ("error", other),
        ]:
            self.assertEqual(loaded[field], json.loads(json.dumps(text)))

    def test_whatThereIsNotIsNull(self):
        loaded = json.loads(line(listener=None, upstream=None, firstByte=None))
        self.assertEqual(
            [loaded[field] for field in ("listener", "upstream", "firstByte")], [None] * 3
        )

    def test_numbersAreNumbers(self):
        loaded = json.loads(
            line(attempts=0, bytesRead=2**63, bytesWritten=0, duration=0, firstByte=0, count=7)
        )
        self.assertEqual(
            [loaded[field] for field in ("attempts", "bytesRead", "bytesWritten", "count")],
            [0, 2**63, 0, 7],
        )
        self.assertEqual((loaded["duration"], loaded["firstByte"]), (0, 0))

    def test_timesHaveMicroseconds(self):
        loaded = json.loads(line(duration=1e-6, firstByte=86400.0000004))
        self.assertEqual((loaded["duration"], loaded["firstByte"]), (0.000001, 86400))

    def test_datesAtTheBordersOfSeconds(self):
        for start, text in [
            (1764000000, "2025-11-24T16:00:00.000+00:00"),
            (1764000000.999, "2025-11-24T16:00:00.999+00:00"),
            (1764000000.99999, "2025-11-24T16:00:00.999+00:00"),
            (1764000001, "2025-11-24T16:00:01.000+00:00"),
            (1767225599.5, "2025-12-31T23:59:59.500+00:00"),
            (1767225600.5, "2026-01-01T00:00:00.500+00:00"),
            (1764000000.0625, "2025-11-24T16:00:00.062+00:00"),
        ]:
            self.assertEqual(json.loads(line(start=start))["start"], text)

    def test_datesBefore2001(self):
        # A machine whose clock has not been set yet; of fewer digits than today's.
        for start, text in [
            (0, "1970-01-01T00:00:00.000+00:00"),
            (0.5, "1970-01-01T00:00:00.500+00:00"),
            (999999999.75, "2001-09-09T01:46:39.750+00:00"),
            (-0.25, "1969-12-31T23:59:59.750+00:00"),
            (-1, "1969-12-31T23:59:59.000+00:00"),
        ]:
            self.assertEqual(json.loads(line(start=start))["start"], text)

    @settings(deadline=None, database=None, derandomize=True)
    @given(st.floats(0, 4e9))
    def test_theDateIsTheStartLessPartsOfAMillisecond(self, start):
        text = json.loads(line(start=start))["start"]
        told = datetime.fromisoformat(text)
        self.assertEqual(told.isoformat(timespec="milliseconds"), text)
        since = datetime.fromtimestamp(start, timezone.utc) - told
        self.assertTrue(timedelta(0) <= since <= timedelta(milliseconds=1), since)


class EndingTests(SynchronousTestCase):
    """
    C{Ending}.
    """

    def test_valuesAreUnique(self):
        # An enum makes a second name for a value an alias, which is not iterated over.
        self.assertEqual([each.name for each in Ending], list(Ending.__members__))

    def test_valuesAreWhatLogsSay(self):
        self.assertEqual(
            {each.value for each in Ending},
            {each.name.lower().replace("_", "-") for each in Ending},
        )

    def test_itIsAKey(self):
        counts = {each: each.value for each in Ending}
        for each in Ending:
            self.assertEqual(counts[Ending(each.value)], each.value)
