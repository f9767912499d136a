"""Read the text of a PDF, page by page, or say that it holds none.

Guarantee: a page that only shows a picture is never passed over in silence: a PDF with such a page is refused, as is
one whose fonts do not say which letters they draw. Nothing but text and form fields is taken over. Knows nothing of
identifiers; there is no writer, as a text put into a PDF's places would leave the old one under it.
"""

import io
import logging
import warnings
from typing import Any

from confide.errors import InvalidInput

_MOST_PAGES = 20_000
_UNREAD = 0.05  # share of characters that are no letters of any language, from which on a text is not one


def read_pdf(data: bytes, file: str) -> str:
    """Return the text of all pages, each from a new line on, and the filled form fields after it.

    Raises:
        InvalidInput: it is no PDF, is broken or encrypted, has a page without text (a scan), or fonts without letters.
    """
    try:
        import pypdf
    except ImportError:
        raise InvalidInput("files.extra", extra="documents") from None
    quiet = logging.getLogger("pypdf")
    level = quiet.level
    quiet.setLevel(logging.CRITICAL + 1)  # its warnings quote what they stumble over
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = pypdf.PdfReader(io.BytesIO(data))
            if reader.is_encrypted:
                raise InvalidInput("files.pdf-encrypted", file=file)
            text = _text(reader, file)
    except InvalidInput:
        raise
    except MemoryError:
        raise
    except Exception:  # whatever a broken file makes of a parser: its text may quote the file
        raise InvalidInput("files.unreadable", file=file, kind="PDF") from None
    finally:
        quiet.setLevel(level)
    if not text.strip():
        raise InvalidInput("files.pdf-scan", file=file, page=1)
    if sum(not _is_read(character) for character in text) > _UNREAD * len(text):
        raise InvalidInput("files.pdf-fonts", file=file)
    return text


def _text(reader: Any, file: str) -> str:
    if len(reader.pages) > _MOST_PAGES:
        raise InvalidInput("files.unreadable", file=file, kind="PDF")
    pages = []
    for number, page in enumerate(reader.pages, start=1):
        text = page.extract_text()
        if not text.strip() and _shows_something(page):
            raise InvalidInput("files.pdf-scan", file=file, page=number)
        pages.append(text)
    filled = (reader.get_form_text_fields() or {}).items()
    fields = [f"{name}: {value}" for name, value in filled if isinstance(value, str) and value.strip()]
    return "\n".join([*pages, *fields])


def _shows_something(page: Any) -> bool:
    """Say whether a page without text draws anything; a blank page does not."""
    contents = page.get_contents()
    return contents is not None and bool(contents.get_data().strip())


def _is_read(character: str) -> bool:
    return (
        character != "\ufffd"
        and not "\ue000" <= character <= "\uf8ff"
        and (character >= " " or character.isspace())
    )
