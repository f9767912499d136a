"""Turn the bytes of a text file into UTF-8, strictly: UTF-8, UTF-16 with a mark, or GB18030.

Guarantee: what comes out is the text that was written, or the file is refused with the place and never the
bytes. Pure functions over bytes. `confide.records.tables` and `confide.records.notes` call them first.
"""

import codecs
from functools import cache

from confide.errors import InvalidInput

_UTF16 = ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_SHARE = 0.8  # of the characters beyond ASCII, how many must be everyday Chinese for a file to be GB18030


def to_utf8(data: bytes, file: str, encoding: str | None = None) -> bytes:
    r"""Return the text of `data` as UTF-8 without a mark, with lines that end in `\n`.

    Guarantee: no byte is dropped or replaced. A file that is neither UTF-8 nor UTF-16 with a mark counts as
    GB18030 only if it decodes without a fault and at least four in five of its characters beyond ASCII
    are in GB 2312, the everyday set: Latin-1 and Big5 text decodes as GB18030 too, to nonsense.

    Args:
        data: the whole file.
        file: its name, for the refusal.
        encoding: "utf-8" or "gb18030" where the study names it; then nothing is guessed, so that one odd
            cell is refused and never changes how the others are read.

    Raises:
        InvalidInput: no encoding fits, a short text fits two, or the text holds NUL bytes; says byte and
            line, never what is there.

    >>> to_utf8("姓名\r\n".encode("gb18030"), "a.csv").decode()
    '姓名\n'
    """
    if data.startswith(codecs.BOM_UTF8):
        text = data[len(codecs.BOM_UTF8) :]
        if (fault := _fault(text, "utf-8")) is not None:
            raise _refusal(data, fault + len(codecs.BOM_UTF8), file)
    elif mark := [encoding for bom, encoding in _UTF16 if data.startswith(bom)]:
        if (fault := _fault(data, mark[0])) is not None:
            raise _refusal(data, fault, file)
        text = data[2:].decode(mark[0]).encode("utf-8")
    elif encoding is not None:
        if (fault := _fault(data, encoding)) is not None:
            raise _refusal(data, fault, file)
        text = data.decode(encoding).encode("utf-8")
    else:
        text = _without_mark(data, file)
    if (at := text.find(b"\0")) >= 0:
        raise InvalidInput("records.nul-byte", file=file, byte=at + 1, line=_line(text, at))
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text


def _without_mark(data: bytes, file: str) -> bytes:
    """Return UTF-8 as it is, GB18030 turned into UTF-8."""
    utf8 = _fault(data, "utf-8")
    if utf8 is None:
        if _could_be_either(data):
            raise InvalidInput("records.encoding-either", file=file)
        return data
    chinese = _fault(data, "gb18030")
    if chinese is None:
        text = data.decode("gb18030")
        beyond = [character for character in text if character > "\x7f"]
        everyday = sum(1 for character in beyond if _is_everyday(character))
        if everyday >= _SHARE * len(beyond):
            return text.encode("utf-8")
        chinese = 0
    # The encoding that got further is the likelier one; its first fault is the place to look at.
    raise _refusal(data, max(utf8, chinese), file)


def _could_be_either(data: bytes) -> bool:
    """Whether UTF-8 that shows Armenian, Czech, … is everyday Chinese in GB18030 as well (院 is D4 BA)."""
    beyond = {character for character in data.decode("utf-8") if character > "\x7f"}
    if not beyond or max(beyond) > "\u07ff" or max(beyond) <= "\xff" or _fault(data, "gb18030") is not None:
        return False
    return all(_is_everyday(character) for character in set(data.decode("gb18030")) if character > "\x7f")


@cache
def _is_everyday(character: str) -> bool:
    try:
        character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def _fault(data: bytes, encoding: str) -> int | None:
    """Return the position of the first byte that `encoding` cannot read, or None."""
    try:
        data.decode(encoding)
    except UnicodeDecodeError as fault:
        return fault.start
    return None


def _line(data: bytes, at: int) -> int:
    return data.count(b"\n", 0, at) + 1


def _refusal(data: bytes, at: int, file: str) -> InvalidInput:
    return InvalidInput("records.encoding", file=file, byte=at + 1, line=_line(data, at))
