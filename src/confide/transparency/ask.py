"""Ask a witness on the network for its cosignature: the client of C2SP tlog-witness.

It connects to the one host that the caller names: no proxy, no redirect. Sent are sizes, hashes and the log's
signature. What comes back is believed only as far as a trusted key signed it.
"""

import re
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, urlsplit

from confide.crypto.merkle import LARGEST
from confide.crypto.note import LONGEST
from confide.errors import IntegrityError, InvalidInput
from confide.transparency.log import Log
from confide.transparency.request import request_for, text_of
from confide.transparency.serve import LIFE, PATIENCE, within

_ATTEMPTS = 4  # the first asks for the size; others may be adding entries or asking at the same time
_SIZE = re.compile(r"(0|[1-9][0-9]{0,18})\n")


def cosigned_by(log: Log, url: str) -> str:
    """Return the log's newest checkpoint with the lines that the witness at `url` gave.

    Guarantee: nothing is sent to any other host, and no entry is sent at all.

    Args:
        log: whose checkpoint is to be cosigned.
        url: the witness's submission prefix, http or https.

    Raises:
        InvalidInput: no such witness, or it does not watch this log, or it refuses for another reason.
        IntegrityError: the witness has seen more than the log has, or something that the log does not continue.
    """
    parts, old = _parts(url), 0
    for _ in range(_ATTEMPTS):
        request = request_for(log, old)
        status, text = _post(parts, request.to_text().encode())
        if status == 200:
            return request.note + text
        if status == 422:
            raise IntegrityError("transparency.refused-as-fork", host=parts.hostname, size=old)
        match = _SIZE.fullmatch(text)
        if status != 409 or match is None or int(match.group(1)) > LARGEST:
            raise InvalidInput("transparency.refused", host=parts.hostname, status=status)
        old = int(match.group(1))
    raise InvalidInput("transparency.refused", host=parts.hostname, status=409)


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.username is not None or parts.query or parts.fragment or not url.isascii():
        raise InvalidInput("transparency.url")
    return parts


def _post(parts: SplitResult, body: bytes) -> tuple[int, str]:
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=PATIENCE)
    try:
        connection.connect()
        with within(connection.sock, LIFE):
            path = parts.path.rstrip("/") + "/add-checkpoint"
            connection.request("POST", path, body, {"Content-Type": "text/plain; charset=utf-8"})
            response = connection.getresponse()
            return response.status, text_of(response.read(LONGEST + 1), LONGEST)
    except (OSError, HTTPException, ValueError) as error:
        raise InvalidInput("transparency.unreachable", host=parts.hostname) from error
    finally:
        connection.close()
