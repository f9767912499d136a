"""Ask an owner's service over HTTP: fetch the form, send a new key, send encrypted records, read the answers.

Guarantee: the token and the requests go to the address that is given and nowhere else (no proxy, no redirection), and
without TLS only to this machine. What the owner says in an error is not repeated but for its code.
"""

import json
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

import numpy as np

from confide.encrypted.client import Client
from confide.encrypted.form import Form
from confide.encrypted.lift import Floats
from confide.encrypted.messages import LONGEST, most_together
from confide.encrypted.ring import ring
from confide.errors import AccessDenied, InvalidInput

PATIENCE = 60.0
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Remote:
    """One owner's service.

    Args:
        address: https://HOST[:PORT], or http:// on this machine.
        token: that the owner gave.

    Raises:
        InvalidInput: the address is no such address.
    """

    def __init__(self, address: str, token: str) -> None:
        try:
            parts = urlsplit(address)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            raise InvalidInput("encrypted.address") from None
        plain = parts.scheme == "http" and host in _LOOPBACK
        if not host or not (plain or parts.scheme == "https") or parts.query or parts.username:
            raise InvalidInput("encrypted.address")
        self._kind = HTTPConnection if plain else HTTPSConnection
        self._host, self._port, self._path, self._token = host, port, parts.path.rstrip("/"), token

    def form(self) -> Form:
        """Return the form of the model that is served.

        Raises:
            InvalidInput, AccessDenied: nobody answers as a service of ours would, or it refuses.
        """
        try:
            return Form.from_json(json.loads(self._call("GET", "/form")))
        except (ValueError, RecursionError):
            raise InvalidInput("encrypted.form") from None

    def enroll(self, client: Client) -> None:
        """Send a client's public key."""
        self._call("PUT", "/key", client.public_key())

    def ask(self, client: Client, rows: Floats) -> Floats:
        """Return the answers to records, in as many requests as the service wants; see `Client.ask`, `Client.read`."""
        together = most_together(client.form, ring(client.form.parameters).key_moduli)
        blocks = (rows[start : start + together] for start in range(0, max(1, len(rows)), together))
        return np.concatenate(
            [client.read(self._call("POST", "/ask", client.ask(block))) for block in blocks]
        )

    def _call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = self._kind(self._host, self._port, timeout=PATIENCE)
        try:
            connection.request(method, self._path + path, body, {"Authorization": f"Bearer {self._token}"})
            response = connection.getresponse()
            content = response.read(LONGEST + 1)
        except (OSError, HTTPException):
            raise InvalidInput("encrypted.unreachable") from None
        finally:
            connection.close()
        if response.status in (401, 429):
            raise AccessDenied("encrypted.stranger" if response.status == 401 else "encrypted.spent")
        if response.status not in (200, 204) or len(content) > LONGEST:
            raise InvalidInput("encrypted.refused", status=response.status)
        return content

    def __repr__(self) -> str:
        return "<Remote>"
