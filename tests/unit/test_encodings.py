"""
Tests for L{nodenet.encodings}.
"""

from __future__ import annotations

import base64
import codecs
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from nodenet.encodings import Decoder, encode, normalize

#: every name of the documentation -> nodenet's one name
NAMES = {
    "utf8": "utf8",
    "utf-8": "utf8",
    "ascii": "ascii",
    "base64": "base64",
    "binary": "binary",
    "latin1": "binary",
    "hex": "hex",
    "ucs2": "ucs2",
    "ucs-2": "ucs2",
    "utf16le": "ucs2",
    "utf-16le": "ucs2",
}
WRONG: list[Any] = ["utf9", "", " utf8", "utf_8", "utf16", b"utf8", None, 8, object()]

#: The same examples in every run, and no files are left.
always = settings(derandomize=True, deadline=None, database=None, max_examples=150)

#: Text that Python can encode, and text as Node may have it, with lone surrogates.
text = st.text(st.characters(exclude_categories=["Cs"]))
anyText = st.text(st.characters() | st.characters(categories=["Cs"]))

#: Bytes that are whole, broken and cut characters of both UTF-8 and UTF-16.
someBytes = st.lists(
    st.binary(max_size=5)
    | text.map(str.encode)
    | text.map(lambda each: each.encode("utf-16-le"))
    | st.sampled_from(
        [
            b"\xe2\x82",  # cut
            b"\xf0\x9f\x98",
            b"\xed\xa0\x80",  # a surrogate
            b"\xc0\x80",  # too long
            b"\xf5",  # of no character
            b"\x3d\xd8",  # a high surrogate of UTF-16
            b"\x00\xdc",  # a low one
            b"\xef\xbb\xbf",  # a byte order mark
        ]
    ),
    max_size=8,
).map(b"".join)


@st.composite
def pieces(draw: Any, whole: Any = someBytes) -> tuple[bytes, list[bytes]]:
    """
    @return: bytes, and the same split somehow, into empty pieces too.
    """
    data = draw(whole)
    cuts = sorted(draw(st.lists(st.integers(0, len(data)), max_size=len(data) + 2)))
    return data, [
        data[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True)
    ]


def decode(encoding: str, chunks: list[bytes]) -> str:
    """
    @return: the text of a stream that was read in these pieces.
    """
    decoder = Decoder(encoding)
    return "".join([decoder.write(chunk) for chunk in chunks]) + decoder.end()


class NormalizeTests(SynchronousTestCase):
    """
    The names of encodings.
    """

    def test_everyNameIsKnown(self) -> None:
        for name, expected in NAMES.items():
            self.assertEqual(normalize(name), expected)

    def test_namesAreKnownInAnyCase(self) -> None:
        for name, expected in NAMES.items():
            self.assertEqual(normalize(name.upper()), expected)
            self.assertEqual(normalize(name.title()), expected)

    def test_anUnknownNameIsAValueErrorThatTellsIt(self) -> None:
        for wrong in WRONG:
            with self.subTest(wrong=wrong):
                error = self.assertRaises(ValueError, normalize, wrong)
                self.assertEqual(str(error), f"Unknown encoding: {wrong!r}")

    def test_anUnknownNameIsRefusedAtOnce(self) -> None:
        for wrong in WRONG:
            with self.subTest(wrong=wrong):
                self.assertRaises(ValueError, Decoder, wrong)
                if wrong is not None:
                    self.assertRaises(ValueError, encode, "", wrong)

    def test_theDecoderTellsTheNormalName(self) -> None:
        for name, expected in NAMES.items():
            self.assertEqual(Decoder(name.upper()).encoding, expected)


class EncodeTests(SynchronousTestCase):
    """
    What C{write(text, encoding)} sends.
    """

    def test_eachEncoding(self) -> None:
        for encoding, written, expected in [
            ("utf8", "\xe9|\u20ac|\U0001f600", b"\xc3\xa9|\xe2\x82\xac|\xf0\x9f\x98\x80"),
            ("ucs2", "\xe9a\U0001f600", b"\xe9\x00a\x00\x3d\xd8\x00\xde"),
            ("ascii", "plain", b"plain"),
            ("binary", "\xe9|\x00\xff\n", b"\xe9|\x00\xff\n"),
            ("base64", "Y2Fmw6kg4oKs", b"caf\xc3\xa9 \xe2\x82\xac"),
            ("hex", "00ff0A", b"\x00\xff\n"),
        ]:
            for name in NAMES:
                if NAMES[name] == encoding:
                    with self.subTest(name=name):
                        self.assertEqual(encode(written, name), expected)
                        self.assertEqual(encode(written, name.upper()), expected)

    def test_utf8IsTheDefault(self) -> None:
        self.assertEqual(encode("\u20ac"), b"\xe2\x82\xac")
        self.assertEqual(encode("\u20ac", None), b"\xe2\x82\xac")

    def test_emptyTextIsNoBytes(self) -> None:
        for name in NAMES:
            self.assertEqual(encode("", name), b"")

    def test_aLoneSurrogateIsSentAsTheReplacementCharacter(self) -> None:
        for lone in "\ud83d", "\udc00":
            for written, expected in [
                (lone, "\ufffd"),
                (f"a{lone}b\u20ac", "a\ufffdb\u20ac"),
                (lone + lone, "\ufffd\ufffd"),
            ]:
                with self.subTest(written=ascii(written)):
                    self.assertEqual(encode(written), expected.encode())
                    self.assertEqual(encode(written, "ucs2"), expected.encode("utf-16-le"))

    def test_aPairOfSurrogatesIsSentAsItsCharacter(self) -> None:
        for encoding, codec in ("utf8", "utf-8"), ("ucs2", "utf-16-le"):
            self.assertEqual(
                encode("\ud83d\ude00\ud83d", encoding), "\U0001f600\ufffd".encode(codec)
            )

    def test_asciiAndBinarySendTheLowEightBits(self) -> None:
        for encoding in "ascii", "binary":
            self.assertEqual(encode("a\x80\xff", encoding), b"a\x80\xff")
            self.assertEqual(encode("a\u20ac\u0141\xe9", encoding), b"a\xac\x41\xe9")

    def test_hexIsReadInAnyCase(self) -> None:
        self.assertEqual(encode("aBcDeF", "hex"), b"\xab\xcd\xef")

    def test_whatIsNotHexIsRefused(self) -> None:
        for wrong in "abc", "zz", "0x", "a b ", "\xe9\xe9", "\u0663\u0663":
            with self.subTest(wrong=wrong):
                error = self.assertRaises(ValueError, encode, wrong, "hex")
                self.assertEqual(str(error), "Invalid hex string")

    def test_base64NeedsNoPadding(self) -> None:
        for written in "YQ", "YQ=", "YQ==":
            self.assertEqual(encode(written, "base64"), b"a")
        for written in "YWI", "YWI=":
            self.assertEqual(encode(written, "base64"), b"ab")

    def test_base64ReadsPastWhatIsNotOfItsAlphabet(self) -> None:
        self.assertEqual(encode("Y W\r\nJ*j\xe9\u20ac", "base64"), b"abc")

    def test_base64TakesTheAlphabetOfURLs(self) -> None:
        self.assertEqual(encode("-_-_", "base64"), encode("+/+/", "base64"))
        self.assertEqual(encode("+/+/", "base64"), b"\xfb\xff\xbf")

    def test_base64EndsAtItsPadding(self) -> None:
        # Node 20: Buffer.from('YWI=YWI=', 'base64') is two bytes
        self.assertEqual(encode("YWI=YWI=", "base64"), b"ab")

    def test_base64DropsSixBitsThatAreNoByte(self) -> None:
        self.assertEqual(encode("Y", "base64"), b"")
        self.assertEqual(encode("YWJjZ", "base64"), b"abc")

    @always
    @given(text)
    def test_utf8AndUcs2AreUnicodes(self, written: str) -> None:
        self.assertEqual(encode(written), written.encode("utf-8"))
        self.assertEqual(encode(written, "ucs2"), written.encode("utf-16-le"))

    @always
    @given(anyText)
    def test_anyTextCanBeSentAsUnicode(self, written: str) -> None:
        joined = re.sub(
            "[\ud800-\udbff][\udc00-\udfff]",
            lambda pair: pair[0].encode("utf-16-le", "surrogatepass").decode("utf-16-le"),
            written,
        )
        expected = re.sub("[\ud800-\udfff]", "\ufffd", joined)
        self.assertEqual(encode(written, "utf8"), expected.encode("utf-8"))
        self.assertEqual(encode(written, "ucs2"), expected.encode("utf-16-le"))

    @always
    @given(anyText)
    def test_anyTextCanBeSentAsBinary(self, written: str) -> None:
        expected = bytes(ord(each) % 256 for each in written)
        self.assertEqual(encode(written, "binary"), expected)
        self.assertEqual(encode(written, "ascii"), expected)

    @always
    @given(anyText)
    def test_anyTextCanBeReadAsBase64(self, written: str) -> None:
        digits = re.sub("[^A-Za-z0-9+/_-]", "", written.split("=")[0])
        self.assertEqual(len(encode(written, "base64")), len(digits) * 6 // 8)

    @always
    @given(someBytes, st.integers(0, 2), st.sampled_from(["", " ", "\n", "*"]))
    def test_base64IsReadWithAnyPaddingAndFiller(
        self, data: bytes, dropped: int, filler: str
    ) -> None:
        written = base64.b64encode(data).decode()
        if written.endswith("=" * max(dropped, 1)):
            written = written[: len(written) - dropped]
        self.assertEqual(encode(filler.join(written), "base64"), data)
        url = written.replace("+", "-").replace("/", "_")
        self.assertEqual(encode(url, "base64"), data)


class DecoderTests(SynchronousTestCase):
    """
    What C{data} listeners get after C{setEncoding}.
    """

    def test_eachEncoding(self) -> None:
        for encoding, data, expected in [
            ("utf8", b"caf\xc3\xa9 \xe2\x82\xac", "caf\xe9 \u20ac"),
            ("ucs2", b"\xe9\x00a\x00\x3d\xd8\x00\xde", "\xe9a\U0001f600"),
            ("ascii", b"plain text", "plain text"),
            ("binary", b"\xe9|\x00\xff\n", "\xe9|\x00\xff\n"),
            ("base64", b"caf\xc3\xa9 \xe2\x82\xac", "Y2Fmw6kg4oKs"),
            ("hex", b"\x00\xff\n", "00ff0a"),
        ]:
            for name in NAMES:
                if NAMES[name] == encoding:
                    with self.subTest(name=name):
                        decoder = Decoder(name)
                        self.assertEqual(decoder.write(data), expected)
                        self.assertEqual(decoder.end(), "")

    def test_aCharacterOfUtf8WaitsForItsLastByte(self) -> None:
        decoder = Decoder("utf8")
        self.assertEqual(
            [decoder.write(bytes([byte])) for byte in "a\xe9\u20ac\U0001f600".encode()],
            ["a", "", "\xe9", "", "", "\u20ac", "", "", "", "\U0001f600"],
        )
        self.assertEqual(decoder.end(), "")

    def test_aCharacterOfUcs2WaitsForItsLastByte(self) -> None:
        decoder = Decoder("ucs2")
        data = "a\U0001f600".encode("utf-16-le")
        self.assertEqual(
            [decoder.write(bytes([byte])) for byte in data], ["", "a", "", "", "", "\U0001f600"]
        )
        self.assertEqual(decoder.end(), "")

    def test_aGroupOfBase64WaitsForItsThirdByte(self) -> None:
        decoder = Decoder("base64")
        self.assertEqual(
            [decoder.write(each) for each in (b"a", b"b", b"c", b"defg", b"")],
            ["", "", "YWJj", "ZGVm", ""],
        )
        self.assertEqual(decoder.end(), "Zw==")

    def test_whatIsWholeDoesNotWait(self) -> None:
        self.assertEqual(Decoder("utf8").write(b"ab\xe2\x82"), "ab")
        self.assertEqual(Decoder("ucs2").write(b"a\0b"), "a")
        self.assertEqual(Decoder("base64").write(b"abcd"), "YWJj")
        self.assertEqual(Decoder("hex").write(b"a"), "61")
        self.assertEqual(Decoder("ascii").write(b"a"), "a")
        self.assertEqual(Decoder("binary").write(b"\xff"), "\xff")

    def test_endGivesWhatWasHeldBack(self) -> None:
        for encoding, data, expected in [
            ("utf8", b"a\xe2\x82", "\ufffd"),
            ("ucs2", b"a\0b", "\ufffd"),
            ("ucs2", b"a\0\x3d\xd8", "\ufffd"),
            ("base64", b"abcd", "ZA=="),
            ("base64", b"abcde", "ZGU="),
            ("hex", b"abc", ""),
            ("ascii", b"abc", ""),
            ("binary", b"abc", ""),
        ]:
            with self.subTest(encoding=encoding, data=data):
                decoder = Decoder(encoding)
                decoder.write(data)
                self.assertEqual(decoder.end(), expected)
                self.assertEqual(decoder.end(), "")

    def test_writeThatIsFinalHoldsNothingBack(self) -> None:
        for encoding, data, expected in [
            ("utf8", b"a\xe2\x82", "a\ufffd"),
            ("ucs2", b"a\0b", "a\ufffd"),
            ("base64", b"abcd", "YWJjZA=="),
            ("hex", b"abc", "616263"),
        ]:
            with self.subTest(encoding=encoding):
                decoder = Decoder(encoding)
                self.assertEqual(decoder.write(data, final=True), expected)
                self.assertEqual(decoder.end(), "")

    def test_malformedInputBecomesTheReplacementCharacter(self) -> None:
        for encoding, data, expected in [
            ("utf8", b"a\xffb\xc0\x80", "a\ufffdb\ufffd\ufffd"),
            ("utf8", b"\xe2\x82a", "\ufffda"),
            ("utf8", b"\xed\xa0\x80", "\ufffd\ufffd\ufffd"),
            ("ucs2", b"\x3d\xd8a\0", "\ufffda"),
            ("ucs2", b"\0\xdca\0", "\ufffda"),
            ("ascii", b"a\x80\xffb", "a\ufffd\ufffdb"),
        ]:
            with self.subTest(encoding=encoding, data=data):
                self.assertEqual(Decoder(encoding).write(data), expected)

    def test_aByteOrderMarkIsText(self) -> None:
        self.assertEqual(Decoder("utf8").write(codecs.BOM_UTF8 + b"a"), "\ufeffa")
        self.assertEqual(Decoder("ucs2").write(codecs.BOM_UTF16_LE + b"a\0"), "\ufeffa")

    def test_decodersAreApart(self) -> None:
        for encoding in NAMES:
            one, other = Decoder(encoding), Decoder(encoding)
            one.write(b"\xe2")
            self.assertEqual(other.end(), "")

    @always
    @given(pieces())
    def test_anySplitDecodesAsTheWhole(self, split: tuple[bytes, list[bytes]]) -> None:
        data, chunks = split
        for encoding, whole in [
            ("utf8", data.decode("utf-8", "replace")),
            ("ucs2", data.decode("utf-16-le", "replace")),
            ("ascii", data.decode("ascii", "replace")),
            ("binary", data.decode("latin-1")),
            ("base64", base64.b64encode(data).decode()),
            ("hex", data.hex()),
        ]:
            self.assertEqual(decode(encoding, chunks), whole, encoding)

    @always
    @given(pieces(text.map(str.encode)))
    def test_noPieceOfWellFormedTextIsBroken(self, split: tuple[bytes, list[bytes]]) -> None:
        data, chunks = split
        decoder = Decoder("utf8")
        got = [decoder.write(chunk) for chunk in chunks]
        self.assertEqual("".join(got), data.decode())
        self.assertEqual(decoder.end(), "")

    @always
    @given(pieces())
    def test_base64ComesInWholeGroups(self, split: tuple[bytes, list[bytes]]) -> None:
        data, chunks = split
        decoder = Decoder("base64")
        for got in map(decoder.write, chunks):
            self.assertEqual(len(got) % 4, 0)
            self.assertNotIn("=", got)
        self.assertEqual(len(decoder.end()), 4 if len(data) % 3 else 0)


class RoundTripTests(SynchronousTestCase):
    """
    What one side sends with an encoding, the other gets with the same.
    """

    @always
    @given(text, st.sampled_from(["utf8", "ucs2"]))
    def test_anyText(self, written: str, encoding: str) -> None:
        self.assertEqual(decode(encoding, [encode(written, encoding)]), written)

    @always
    @given(st.text(st.characters(max_codepoint=127)))
    def test_plainText(self, written: str) -> None:
        self.assertEqual(decode("ascii", [encode(written, "ascii")]), written)

    @always
    @given(pieces(), st.sampled_from(["binary", "base64", "hex"]))
    def test_anyBytes(self, split: tuple[bytes, list[bytes]], encoding: str) -> None:
        data, chunks = split
        self.assertEqual(encode(decode(encoding, chunks), encoding), data)
