"""What a column is, told by its name in Chinese or English, or by the shape of its cells.

Guarantee: classes and bounds come from names and shapes; no cell goes into an answer. The tables are data, in
`headers.toml`; `confide.records.guess` looks at files and asks here.
"""

import re
import tomllib
import unicodedata
from functools import cache
from importlib.resources import files
from typing import Any, Literal

_SEPARATORS = re.compile(r"[\s_\-./()（）:：#]+")
Meaning = Literal["patient", "patient-perhaps", "record", "text", "category", "target"]


@cache
def _tables() -> dict[str, Any]:
    return tomllib.loads(files(__package__).joinpath("headers.toml").read_text(encoding="utf-8"))


def _fits(patterns: list[str], text: str) -> bool:
    return re.fullmatch("|".join(f"(?:{pattern})" for pattern in patterns), text) is not None


def folded(header: str) -> str:
    """Return a header as the tables are written: NFKC, lower case, no separators.

    >>> folded("Patient_ID "), folded("身份证　号")
    ('patientid', '身份证号')
    """
    return _SEPARATORS.sub("", unicodedata.normalize("NFKC", header).casefold())


def means(header: str, meaning: Meaning) -> bool:
    """Say whether the name of a column means this.

    >>> means("患者编号", "patient"), means("visit_id", "record"), means("hba1c", "text")
    (True, True, False)
    """
    return _fits(_tables()[meaning], folded(header))


def identifier_class(header: str) -> str | None:
    """Return the class of the identifiers that a column of this name holds, or None.

    >>> identifier_class("联系人电话"), identifier_class("Date of Birth"), identifier_class("hba1c")
    ('phone', 'birth-date', None)
    """
    name = folded(header)
    return next((row["class"] for row in _tables()["identifiers"] if _fits(row["names"], name)), None)


def public_bounds(header: str) -> tuple[float, float] | None:
    """Return bounds that the name of a column suggests in its usual unit, or None.

    >>> public_bounds("住院天数"), public_bounds("score")
    ((0, 60), None)
    """
    name = folded(header)
    return next(
        (((row["low"], row["high"])) for row in _tables()["bounds"] if _fits(row["names"], name)), None
    )


def shapes() -> list[tuple[str, str]]:
    """Return pairs of a class and the regular expression of a whole cell that gives it away."""
    return [(row["class"], "|".join(row["cells"])) for row in _tables()["shapes"]]
