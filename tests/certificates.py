"""
Certificates for the tests, made when they run.
"""

from __future__ import annotations

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = datetime.timedelta(days=1)


def now():
    return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)


class Authority:
    """
    A CA.
    """

    @staticmethod
    def makeKey():
        return ec.generate_private_key(ec.SECP256R1())

    def __init__(self, name="nodenet test CA", above=None):
        """
        @param above: the CA that has signed this one's certificate; itself by default.
        """
        signer = above or self
        self.key = self.makeKey()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(signer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - DAY)
            .not_valid_after(now() + DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False
            )
            .add_extension(
                x509.KeyUsage(True, False, False, False, False, True, True, False, False), True
            )
            .sign(signer.key, hashes.SHA256())
        )
        self.pem = _pem(self.certificate)

    def issue(self, *names, begins=-1, ends=1, purposes=None, passphrase=None):
        """
        @param names: DNS names and IP addresses; the first is the CN too.
        @param begins: days from now.
        @param purposes: client and server by default.
        @return: key and certificate in PEM, and the certificate.
        """
        key = self.makeKey()
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "UK"),
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "node.js"),
                x509.NameAttribute(NameOID.COMMON_NAME, names[0]),
            ]
        )
        oids = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() + begins * DAY)
            .not_valid_after(now() + ends * DAY)
            .add_extension(x509.SubjectAlternativeName([_name(n) for n in names]), False)
            .add_extension(x509.ExtendedKeyUsage(purposes or oids), False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False
            )
            .sign(self.key, hashes.SHA256())
        )
        encryption = (
            serialization.BestAvailableEncryption(passphrase)
            if passphrase
            else serialization.NoEncryption()
        )
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption
        )
        return pem.decode(), _pem(certificate), certificate

    def credentials(self, *names, **more):
        """
        @return: C{key} and C{cert} of a new certificate, as C{createCredentials} takes them.
        """
        key, cert, _ = self.issue(*names, **more)
        return {"key": key, "cert": cert}

    def revoke(self, certificate):
        """
        @return: a list of revoked certificates in PEM, with this one.
        """
        revoked = (
            x509.RevokedCertificateBuilder()
            .serial_number(certificate.serial_number)
            .revocation_date(now() - DAY)
            .build()
        )
        return _pem(
            x509.CertificateRevocationListBuilder()
            .issuer_name(self.name)
            .last_update(now() - DAY)
            .next_update(now() + DAY)
            .add_revoked_certificate(revoked)
            .sign(self.key, hashes.SHA256())
        )


def _pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM).decode()


def _name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
