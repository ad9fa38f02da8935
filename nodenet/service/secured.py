"""
TLS for the daemon's streams, of files that may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nodenet import net
from nodenet.crypto import Credentials, CredentialsError
from nodenet.service.log import log

__all__ = ["Secured"]


class Secured:
    """
    Puts streams behind TLS, with credentials of files that are read again when asked.
    """

    def __init__(self, files: dict[str, str], settings: Mapping[str, Any]) -> None:
        """
        @param files: option -> path, of a key, a certificate or CAs; the option ends with
            what it is of L{createCredentials<nodenet.crypto.createCredentials>}.
        @param settings: the other details of that.
        @raise ValueError: one of the files is unusable: which, and why.
        """
        self.files = files
        self.settings = settings
        self.credentials = self._load()

    def _load(self) -> Credentials:
        pems: dict[str, Any] = {}
        for option, file in self.files.items():
            try:
                with open(file, "rb") as opened:
                    pems[option.rpartition("-")[2]] = opened.read()
            except OSError as e:
                raise ValueError(f"{option} {file}: {e.strerror}") from None
        try:
            return Credentials(**pems, **self.settings)
        except CredentialsError as e:
            wrong = [
                f"{option} {file}"
                for option, file in self.files.items()
                if option.rpartition("-")[2] in e.details
            ]
            raise ValueError(f"{' and '.join(wrong or e.details)}: {e.reason}") from None

    def reload(self) -> None:
        """
        Read the files again, for the connections to come; where they are unusable,
        stay with the old ones.
        """
        try:
            self.credentials = self._load()
        except ValueError as e:
            log.error("TLS files unusable, the old ones stay in use: {error}", error=e)
        else:
            log.info("TLS files read again")

    def __call__(self, stream: net.Stream) -> None:
        stream.setSecure(self.credentials)
