"""The one form in which names, texts and bytes stand in what is signed, so that nothing has two spellings.

Pure functions of text; used by `confide.crypto.note`, `confide.crypto.sign` and the formats of transparency.
"""

import base64


def is_name(name: str) -> bool:
    """Tell whether `name` may name a key or a log: not empty, no space, plus or control character.

    >>> is_name("hospital.example/log"), is_name("two words"), is_name("a+b")
    (True, False, False)
    """
    return bool(name) and is_text(name) and not any(sign.isspace() or sign == "+" for sign in name)


def is_text(text: str) -> bool:
    """Tell whether `text` is UTF-8 without control characters."""
    return not any(sign < " " or "\ud800" <= sign <= "\udfff" for sign in text)


def to_base64(data: bytes) -> str:
    """Write bytes as the formats of C2SP do."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str) -> bytes | None:
    r"""Read base64 in its one form; None where it is something else.

    >>> from_base64("AAA="), from_base64("AAB="), from_base64("AAA")
    (b'\x00\x00', None, None)
    """
    try:
        data = base64.b64decode(text)
    except ValueError:  # not whole, or letters outside ASCII
        return None
    return data if to_base64(data) == text else None
