"""Custody by a key service: OpenBao or HashiCorp Vault, Transit engine; its key never leaves the service.

The service is given a fresh wrapping key to encrypt, never the vault's root key nor anything of a patient.
Only the host of `TransitSettings.url` is called: no proxy, redirect or address from the environment.
"""

import base64
import binascii
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit

from confide.errors import AccessDenied, InvalidInput
from confide.vault.custody import read_secret, stored_settings
from confide.vault.durable import reading

_NAME = re.compile(r"\w[\w.-]*(/\w[\w.-]*)*", re.ASCII)
_HERE = {"127.0.0.1", "::1", "localhost"}
_PATIENCE = 15  # seconds for one answer


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitSettings:
    """Where the key service is and which key is ours. Public, all but what stands in `token_file`."""

    url: str  # https, or http to this machine
    token_file: Path
    key: str = "confide"
    mount: str = "transit"
    ca_file: Path | None = None  # certificates to trust in the place of the usual ones

    def __post_init__(self) -> None:
        """Refuse an address over which the token would travel in the clear, and names that are none."""
        parts = urlsplit(self.url)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _HERE):
            raise InvalidInput("vault.transit-url")
        if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
            raise InvalidInput("vault.transit-url")
        for name in (self.key, self.mount):
            if not _NAME.fullmatch(name):
                raise InvalidInput("vault.transit-name", name=name)


class Transit:
    """The guard that `TransitSettings` names; the token is read from its file for each call."""

    kind = "transit"

    def __init__(self, settings: TransitSettings) -> None:
        self._named = settings

    def settings(self) -> str:
        """Return key, mount and address as JSON; the address is for people, and may change."""
        return json.dumps({"key": self._named.key, "mount": self._named.mount, "url": self._named.url})

    def verify_settings(self, settings: str) -> None:
        """Raise InvalidInput if the record was made with another key or mount than is named here."""
        stored = stored_settings(settings, "key", "mount")
        if stored != {"key": self._named.key, "mount": self._named.mount}:
            raise InvalidInput("vault.transit-settings", **stored)

    def encrypt(self, secret: bytes) -> bytes:
        """Return the service's `vault:vN:…` of 32 bytes.

        Raises:
            InvalidInput: the service is not there, is sealed, or shows a certificate that is not trusted.
            AccessDenied: it refuses the token, or has no such key.
        """
        plain = base64.b64encode(secret).decode()
        return self._call("encrypt_data", "ciphertext", plaintext=plain).encode()

    def decrypt(self, guarded: bytes) -> bytes:
        """Return what `encrypt` was given.

        Raises:
            InvalidInput: as `encrypt`.
            AccessDenied: as `encrypt`, or this version of the key was retired.
        """
        plain = self._call("decrypt_data", "plaintext", ciphertext=_text(guarded))
        try:
            return base64.b64decode(plain, validate=True)
        except binascii.Error:
            self._misunderstood()

    def rewrap(self, guarded: bytes) -> bytes:
        """Return the same secret under the newest version of the key; the service does not show it."""
        return self._call("rewrap_data", "ciphertext", ciphertext=_text(guarded)).encode()

    def _call(self, what: str, wanted: str, **arguments: str) -> str:
        """Make one call of the Transit engine and return one text of its answer."""
        token = read_secret(self._named.token_file).strip()
        with _engine(self._named, token) as transit:
            answer = _asked(getattr(transit, what), self._named, arguments)
        try:
            found = answer["data"][wanted]
        except (KeyError, TypeError):
            self._misunderstood()
        return found if isinstance(found, str) else self._misunderstood()

    def _misunderstood(self) -> NoReturn:
        raise InvalidInput("vault.transit-answer", url=self._named.url)


@contextmanager
def _engine(settings: TransitSettings, token: str) -> Iterator[Any]:
    """Yield hvac's Transit, told everything, so that it takes nothing from the environment."""
    try:
        import hvac
        import requests
    except ImportError:
        raise InvalidInput("vault.no-extra", custody="transit") from None
    verify: str | bool = True
    if settings.ca_file is not None:
        with reading(settings.ca_file):
            verify = str(settings.ca_file)
    with requests.Session() as session:
        session.trust_env = False  # no proxy, no ~/.netrc, no REQUESTS_CA_BUNDLE
        session.verify = verify
        told = {"url": settings.url.rstrip("/"), "token": token, "namespace": "", "verify": verify}
        client = hvac.Client(**told, session=session, timeout=_PATIENCE, allow_redirects=False)
        yield client.secrets.transit


def _asked(call: Callable[..., Any], settings: TransitSettings, arguments: dict[str, str]) -> Any:
    """Call the service and turn what went wrong into one sentence; its own text is not repeated."""
    import requests
    from hvac import exceptions as said

    try:
        return call(name=settings.key, mount_point=settings.mount, **arguments)
    except said.Forbidden:
        raise AccessDenied("vault.transit-denied", url=settings.url, key=settings.key) from None
    except said.InvalidRequest as error:
        why = str(error)
        if "version is disallowed" in why or "too old" in why:
            raise AccessDenied("vault.transit-retired", key=settings.key) from None
        if "not found" in why:
            raise AccessDenied("vault.transit-no-key", key=settings.key, mount=settings.mount) from None
        raise AccessDenied("vault.transit-other-key") from None
    except said.InvalidPath:
        raise AccessDenied("vault.transit-no-key", key=settings.key, mount=settings.mount) from None
    except said.VaultDown:
        raise InvalidInput("vault.transit-sealed", url=settings.url) from None
    except requests.exceptions.SSLError:
        raise InvalidInput("vault.transit-certificate", url=settings.url) from None
    except requests.exceptions.RequestException:
        raise InvalidInput("vault.transit-gone", url=settings.url) from None
    except (said.VaultError, ValueError):
        raise InvalidInput("vault.transit-answer", url=settings.url) from None


def _text(guarded: bytes) -> str:
    """Return a stored ciphertext as text; the record's check has seen that it is what was stored."""
    return guarded.decode("ascii", errors="replace")
