"""What a source in a database may say: an address without a password, and something that is only read.

Guarantee: an address that holds a secret, or that leaves to the machine which host is called, is refused
when the study file is read, before anything is opened. Knows no database; `confide.records.sql` calls one.
"""

import hashlib
import re
from urllib.parse import parse_qsl, urlsplit

from confide.errors import InvalidInput

DIALECTS = ("postgresql", "sqlite")
_SAFE = (  # parameters that neither hold a secret nor name another server, file or session setting
    "host", "port", "sslmode", "sslrootcert", "sslcert", "sslkey", "sslcrl", "connect_timeout", "application_name",
    "channel_binding", "gssencmode", "krbsrvname", "passfile", "target_session_attrs",
)  # fmt: skip
_TABLE = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)?")
_SELECT = re.compile(r"(?:select|with)\b", re.IGNORECASE)


def verify_address(source: str, url: str | None, query: str | None) -> None:
    """Refuse what could never be read, or should not stand in a study file.

    Args:
        source: name of the source, for the sentence.
        url: such as `postgresql://reader@his.hospital/records` or `sqlite:///raw/visits.sqlite`.
        query: a SELECT, or the name of a table or view.

    Raises:
        InvalidInput: names what is wrong; never repeats the address.
    """
    if url is None or query is None:
        raise InvalidInput("sql.missing", source=source, key="url" if url is None else "query")
    try:
        parts = urlsplit(url)
        port, parameters = parts.port, dict(parse_qsl(parts.query, keep_blank_values=True))
    except ValueError:
        raise InvalidInput("sql.url", source=source) from None
    if parts.password is not None or "password" in parameters or "sslpassword" in parameters:
        raise InvalidInput("sql.password", source=source)
    if parts.scheme not in DIALECTS:
        raise InvalidInput("sql.dialect", source=source, known=", ".join(DIALECTS))
    if len(parts.path) < 2 or parts.fragment or "?" in parts.query or "#" in url:
        raise InvalidInput("sql.url", source=source)
    if parts.scheme == "sqlite":
        if parts.netloc or parts.query or not parts.path.startswith("/") or port is not None:
            raise InvalidInput("sql.url", source=source)
    elif odd := [name for name in parameters if name not in _SAFE]:
        raise InvalidInput("sql.parameter", source=source, name=odd[0], known=", ".join(_SAFE))
    elif not (parts.hostname or parameters.get("host")):
        raise InvalidInput("sql.no-host", source=source)
    _verify_query(source, query)


def _verify_query(source: str, query: str) -> None:
    text = query.strip().removesuffix(";")
    if not (_TABLE.fullmatch(text) or _SELECT.match(text)) or ";" in text or "\0" in text:
        raise InvalidInput("sql.not-select", source=source)


def table_in(query: str) -> tuple[str | None, str] | None:
    """Return schema and table where a query is the name of one; None for a SELECT.

    >>> table_in("his.visits"), table_in("SELECT 1")
    (('his', 'visits'), None)
    """
    if not _TABLE.fullmatch(query.strip()):
        return None
    schema, _, table = query.strip().rpartition(".")
    return schema or None, table


def snapshot_name(source: str, url: str, query: str) -> str:
    """Return the name under which the rows of a database lie sealed: another address or query is another name."""
    mark = hashlib.sha256(f"{url}\n{query}".encode()).hexdigest()[:12]
    return f"{source}-{mark}.parquet"
