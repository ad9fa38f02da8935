"""
TLS for the daemon's streams, of files that may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from nodenet import net
from nodenet.crypto import Credentials, CredentialsError
from nodenet.service.log import log
from nodenet.service.settings import TLSFiles

__all__ = ["ReloadedCredentials"]


class ReloadedCredentials:
    """
    Puts streams behind TLS, with credentials of files that are read again when asked.
    """

    def __init__(self, files: TLSFiles, prefix: str, details: Mapping[str, Any]) -> None:
        """
        @param prefix: of the files' options, for messages: C{'--tls-'}.
        @param details: the other details of L{createCredentials
            <nodenet.crypto.createCredentials>}.
        @raise ValueError: one of the files is unusable: which, and why.
        """
        self._files = {name: path for name, path in asdict(files).items() if path is not None}
        self._prefix = prefix
        self._details = details
        self._credentials = self._load()

    def _load(self) -> Credentials:
        pems: dict[str, Any] = {}
        for name, path in self._files.items():
            try:
                with open(path, "rb") as opened:
                    pems[name] = opened.read()
            except OSError as e:
                raise ValueError(f"{self._prefix}{name} {path}: {e.strerror}") from None
        try:
            return Credentials(**pems, **self._details)
        except CredentialsError as e:
            wrong = [
                f"{self._prefix}{name} {path}"
                for name, path in self._files.items()
                if name in e.details
            ]
            raise ValueError(f"{' and '.join(wrong or e.details)}: {e.reason}") from None

    def reload(self) -> None:
        """
        Read the files again, for the connections to come; where they are unusable,
        stay with the old ones.
        """
        try:
            self._credentials = self._load()
        except ValueError as e:
            log.error("TLS files unusable, the old ones stay in use: {error}", error=e)
        else:
            log.info("TLS files read again")

    def __call__(self, stream: net.Stream) -> None:
        stream.setSecure(self._credentials)
