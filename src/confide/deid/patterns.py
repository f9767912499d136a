"""Identifiers that their shape gives away: numbers, addresses of the network, plates.

`PATTERNS` is data: each row is one regular expression without look-around, its borders as a word, and
a check. `find_patterns` runs the rows with Python's `re`; another engine can run the same rows, checking
borders after the match. A right shape that fails its check is doubtful, not ignored. Works on folded text.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from confide.deid import validators
from confide.deid.hits import Hit

DOUBT: Final = 0.4
_BORDERS: Final = {
    "none": ("", ""),
    "digit": (r"(?<![0-9])", r"(?![0-9])"),
    "alnum": (r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"),
    "dotted": (r"(?<![0-9A-Za-z.:])", r"(?![0-9A-Za-z:]|\.[0-9])"),
}
_GATES: Final = {
    "long": re.compile(r"[0-9](?:[-. ()]{0,2}[0-9Xx]){6}"),
    "digit": re.compile(r"[0-9]"),
    "@": re.compile("@"),
    "//": re.compile("://"),
    "www": re.compile(r"[Ww]{3}\."),
    "domain": re.compile(r"\.(?:com|cn|org|net|edu|gov|hk|tw|uk)"),
    "colons": re.compile(r":[0-9A-Fa-f]{0,4}:"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """One row: what it finds, how, and how sure. `group` v, where the expression has it, is the span.

    `otherwise` is the score of a match that fails `check`; 0 means that it is no match at all.
    `gate` names a cheap search without which the row cannot match.
    """

    rule: str
    type: str
    regex: str
    score: float
    gate: str
    border: Literal["none", "digit", "alnum", "dotted"] = "digit"
    check: Callable[[str], bool] | None = None
    otherwise: float = DOUBT


def _has_letter_and_uscc(text: str) -> bool:
    return validators.is_uscc(text) and not text[:17].isdigit()


def _is_code(text: str) -> bool:
    """Letters and digits that are no drug approval, no trial and no gene."""
    return not text.upper().startswith(("准字", "NCT", "ISRCTN", "CHICTR", "ICD", "PMID", "RS", "ATC", "DOI"))


_PLATE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
_U = "0-9A-HJ-NPQRTUWXY"
_URL_TAIL = r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]"
_URL_END = r"[A-Za-z0-9/#=_~-]"

PATTERNS: Final = (
    Pattern(
        rule="resident-id-18",
        type="resident-id",
        gate="long",
        score=1.0,
        regex=r"[0-9]{6}[ -]?[0-9]{8}[ -]?[0-9]{3}[0-9Xx]",
        check=validators.is_resident_id,
    ),
    Pattern(
        rule="resident-id-15",
        type="resident-id",
        gate="long",
        score=0.9,
        regex=r"[0-9]{15}",
        check=validators.is_resident_id,
    ),
    Pattern(
        rule="uscc",
        type="other-id",
        gate="long",
        score=0.95,
        border="alnum",
        regex=rf"[{_U}]{{2}}[0-9]{{6}}[{_U}]{{10}}",
        check=_has_letter_and_uscc,
    ),
    Pattern(
        rule="mobile",
        type="phone",
        gate="long",
        score=0.95,
        regex=r"(?:(?:\+|00)?86[- ]?)?1[3-9][0-9][- ]?[0-9]{4}[- ]?[0-9]{4}",
    ),
    Pattern(
        rule="landline",
        type="phone",
        gate="long",
        score=0.85,
        regex=r"(?:\(0[0-9]{2,3}\)|0[1-9][0-9]{1,2})[- ]?[2-8][0-9]{6,7}(?:(?:-|转| 转 ?)[0-9]{1,6})?",
    ),
    Pattern(
        rule="service-phone", type="phone", gate="long", score=0.8, regex=r"[48]00[- ]?[0-9]{3}[- ]?[0-9]{4}"
    ),
    Pattern(
        rule="us-phone",
        type="phone",
        gate="long",
        score=0.9,
        regex=r"(?:\+?1[-. ]?)?(?:\([0-9]{3}\) ?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}"
        r"(?: ?(?:x|ext\.?) ?[0-9]{1,6})?",
        check=lambda text: validators.is_us_phone(re.sub(r" ?(?:x|ext).*", "", text)),
    ),
    Pattern(
        rule="international-phone",
        type="phone",
        gate="long",
        score=0.85,
        regex=r"\+[1-9][0-9]{0,2}[- ]?\(?[0-9](?:[- ()]{0,2}[0-9]){6,13}",
    ),
    Pattern(
        rule="ssn",
        type="ssn",
        gate="long",
        score=0.95,
        regex=r"[0-9]{3}([- ])[0-9]{2}\1[0-9]{4}",
        check=validators.is_ssn,
    ),
    Pattern(
        rule="bank-card",
        type="account-number",
        gate="long",
        score=0.9,
        regex=r"[0-9]{4}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?",
        check=validators.is_luhn,
    ),
    Pattern(
        rule="passport",
        type="passport",
        gate="long",
        score=0.6,
        border="alnum",
        regex=r"(?:准字)?(?:[EGDSPHM]|E[A-Z]|[DSP]E)[0-9]{7,8}",
        check=_is_code,
        otherwise=0,
    ),
    Pattern(
        rule="code",
        type="record-number",
        gate="digit",
        score=0.6,
        border="alnum",
        regex=r"(?:准字)?[A-Za-z]{1,5}-?[0-9]{6,14}",
        check=_is_code,
        otherwise=0,
    ),
    Pattern(
        rule="long-number",
        type="other-id",
        gate="long",
        score=DOUBT,
        border="alnum",
        regex=r"[0-9]{9,40}",
    ),
    Pattern(
        rule="last-digits",
        type="other-id",
        gate="digit",
        score=0.8,
        regex=r"(?:(?:尾号|[后末]四位)(?:数字)?[为是:]? ?"
        r"|(?:ending in|last (?:four|4)(?: digits)?)(?: of| is|:)? )(?P<v>[0-9]{3,6})",
    ),
    Pattern(
        rule="email",
        type="email",
        gate="@",
        score=1.0,
        border="none",
        regex=r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}",
    ),
    Pattern(rule="url", type="url", gate="//", score=1.0, border="none", regex=rf"[A-Za-z]{{2,8}}://{_URL_TAIL}{{2,500}}{_URL_END}"),
    Pattern(
        rule="www",
        type="url",
        gate="www",
        score=1.0,
        border="none",
        regex=rf"[Ww]{{3}}\.{_URL_TAIL}{{2,500}}{_URL_END}",
    ),
    Pattern(
        rule="domain",
        type="url",
        gate="domain",
        score=0.8,
        border="alnum",
        regex=r"[A-Za-z0-9][A-Za-z0-9-]{1,62}(?:\.[A-Za-z0-9-]{1,62}){0,4}\.(?:com|cn|org|net|edu|gov|hk|tw|uk)(?:/"
        + _URL_TAIL
        + r"{0,300}[A-Za-z0-9/#=_~-])?",
    ),
    Pattern(
        rule="ip-4",
        type="ip",
        gate="digit",
        score=0.8,
        border="dotted",
        regex=r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
        check=lambda text: len(text) > 7 and validators.is_ip(text),  # 1.3.4.5 is rather a list
        otherwise=0,
    ),
    Pattern(
        rule="ip-6",
        type="ip",
        gate="colons",
        score=0.9,
        border="dotted",
        regex=r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}",
        check=validators.is_ip,
        otherwise=0,
    ),
    Pattern(
        rule="plate",
        type="plate",
        gate="digit",
        score=0.9,
        border="none",
        regex=rf"[{_PLATE}][A-HJ-NP-Z][·• -]?(?=[A-Z]{{0,4}}[0-9])"
        r"[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])",
    ),
)  # fmt: skip


@cache
def _compiled() -> tuple[tuple[Pattern, re.Pattern[str]], ...]:
    """Compile the rows once, borders written as look-arounds."""
    rows = []
    for row in PATTERNS:
        before, after = _BORDERS[row.border]
        rows.append((row, re.compile(f"{before}(?:{row.regex}){after}")))
    return tuple(rows)


def find_patterns(text: str) -> list[Hit]:
    """Return every hit of every row in a folded text, overlapping ones included.

    >>> find_patterns("身份证11010519491231002X")[0]
    Hit(start=3, end=21, type='resident-id', score=1.0, found_by='pattern:resident-id-18')
    """
    open_gates = {name for name, gate in _GATES.items() if gate.search(text)}
    hits: list[Hit] = []
    for row, compiled in _compiled():
        if row.gate not in open_gates:
            continue
        for match in compiled.finditer(text):
            group = "v" if "v" in compiled.groupindex else 0
            score = row.score if row.check is None or row.check(match.group(group)) else row.otherwise
            if score > 0:
                hits.append(Hit(match.start(group), match.end(group), row.type, score, f"pattern:{row.rule}"))
    return hits
