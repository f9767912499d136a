"""Letters between the parties of a joint table: one line that is signed, then the bytes that it names.

Guarantee: what is read was signed, all of it, by the institution that the reader expects, for this file and this step;
whatever the bytes are, nothing but ConfideError is raised, and nothing longer than a message of ours is read.
"""

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Literal

from confide.crypto.sign import PersonKey
from confide.encrypted.messages import LONGEST
from confide.errors import AccessDenied, IntegrityError, InvalidInput
from confide.vault.durable import placing, reading
from confide.vault.handover import DIGEST, Shape, read_signed, sign_statement

Step = Literal["key", "upload", "total"]
_SHAPE: Shape = {"kind": str, "format": int, "about": DIGEST, "content": DIGEST}
_LINE = 4096  # the signed line is shorter


def write_letter(target: Path, step: Step, about: str, content: bytes, key: PersonKey) -> None:
    """Write a letter to a new file.

    Args:
        target: it is not there yet.
        step: what the content is.
        about: digest of the file that all parties hold.
        content: a message of `confide.encrypted`.
        key: of the institution that answers for it.

    Raises:
        InvalidInput: `target` exists, or cannot be written.
    """
    statement = {"kind": f"joint-{step}", "format": 1, "about": about, "content": _digest(content)}
    with placing(target, replace=False) as file:
        file.write(sign_statement(statement, key).to_bytes())
        file.write(content)


def read_letter(source: Path, step: Step, about: str, senders: Collection[str]) -> tuple[str, bytes]:
    """Return who signed a letter, by public key, and its content.

    Args:
        source: what `write_letter` wrote.
        step: what is expected.
        about: digest of the file that all parties hold.
        senders: public keys of those who may have sent it.

    Raises:
        InvalidInput: it is no such letter, or one about another file.
        IntegrityError: it was changed after it was signed.
        AccessDenied: somebody else signed it.
    """
    with reading(source) as file:
        data = file.read(LONGEST + _LINE + 1)
    end = data.find(b"\n", 0, _LINE) + 1
    try:
        if not end or len(data) > LONGEST + _LINE:
            raise InvalidInput("encrypted.no-letter", file=source.name)
        signed = read_signed(data[:end], _SHAPE, f"joint-{step}", source.name)
    except InvalidInput:
        raise InvalidInput("encrypted.no-letter", file=source.name) from None
    except IntegrityError:
        raise IntegrityError("encrypted.letter-changed", file=source.name) from None
    statement, content = signed.statement, data[end:]
    if statement["about"] != about:
        raise InvalidInput("encrypted.other-file", file=source.name)
    if signed.signature.key not in senders:
        raise AccessDenied("encrypted.other-sender", file=source.name)
    if statement["content"] != _digest(content):
        raise IntegrityError("encrypted.letter-changed", file=source.name)
    return signed.signature.key, content


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
