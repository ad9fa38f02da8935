"""
Certificates in the forms of Node v0.3.
"""

from __future__ import annotations

from datetime import datetime

from cryptography.x509 import Name
from OpenSSL import SSL

__all__ = ["certificateOf"]

#: OpenSSL's short names of what names are made of; of any other, the numbers stand there.
_SHORT = {
    "2.5.4.3": "CN",
    "2.5.4.4": "SN",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "C",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.9": "street",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.16": "postalAddress",
    "2.5.4.17": "postalCode",
    "2.5.4.20": "telephoneNumber",
    "2.5.4.41": "name",
    "2.5.4.42": "GN",
    "2.5.4.43": "initials",
    "2.5.4.44": "generationQualifier",
    "2.5.4.45": "x500UniqueIdentifier",
    "2.5.4.46": "dnQualifier",
    "2.5.4.65": "pseudonym",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "UID",
    "0.9.2342.19200300.100.1.25": "DC",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.2.840.113549.1.9.2": "unstructuredName",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionL",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionST",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionC",
}
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]


def certificateOf(connection: SSL.Connection) -> dict[str, str]:
    """
    The peer's certificate in the forms of Node v0.3.

    @return: C{subject}, C{issuer}, C{valid_from}, C{valid_to} and C{fingerprint} (SHA-1);
        empty if the peer sent none.
    """
    certificate = connection.get_peer_certificate()
    if certificate is None:
        return {}
    names = certificate.to_cryptography()
    return {
        "subject": _oneline(names.subject),
        "issuer": _oneline(names.issuer),
        "valid_from": _date(certificate.get_notBefore()),
        "valid_to": _date(certificate.get_notAfter()),
        "fingerprint": certificate.digest("sha1").decode(),
    }


def _oneline(name: Name) -> str:
    """
    As OpenSSL's X509_NAME_oneline: C{/C=UK/O=node.js/CN=localhost}. What is not ASCII is
    escaped UTF-8, however the certificate encodes it.
    """
    parts = []
    for attribute in name:
        oid, value = attribute.oid.dotted_string, attribute.value
        data = value.encode() if isinstance(value, str) else value
        text = "".join(chr(c) if 32 <= c < 127 else f"\\x{c:02X}" for c in data)
        parts.append(f"/{_SHORT.get(oid, oid)}={text}")
    return "".join(parts)


def _date(asn1: bytes | None) -> str:
    """
    As OpenSSL's ASN1_TIME_print: "Nov  6 09:52:22 2029 GMT".
    """
    date = datetime.strptime((asn1 or b"").decode(), "%Y%m%d%H%M%SZ")
    return f"{_MONTHS[date.month - 1]} {date.day:2d} {date:%H:%M:%S %Y} GMT"
