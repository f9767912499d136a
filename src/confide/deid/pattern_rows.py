"""The rows of identifiers that their shape gives away, as data: `confide.deid.patterns` runs them.

Each row is one regular expression without look-behind, its borders as a word, and a check; where it begins with
something optional, a look at the first character keeps `re` from trying it everywhere. A right shape that fails its
check is doubtful, not ignored.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from confide.deid import validators

DOUBT: Final = 0.4


@dataclass(frozen=True, kw_only=True, slots=True)
class Pattern:
    """One row: what it finds, how, and how sure. `group` v, where the expression has it, is the span.

    `otherwise` is the score of a match that fails `check`; 0 means that it is no match at all.
    `sieve` is what must match somewhere before the row is tried: without look-around or reference back, and
    cheap; left empty, it is `regex` itself, with its borders where these are plain.
    """

    rule: str
    type: str
    regex: str
    score: float
    border: Literal["none", "digit", "alnum", "dotted"] = "digit"
    check: Callable[[str], bool] | None = None
    otherwise: float = DOUBT
    sieve: str = ""


def _has_letter_and_uscc(text: str) -> bool:
    return validators.is_uscc(text) and not text[:17].isdigit()


def _is_code(text: str) -> bool:
    """Letters and digits that are no drug approval, no trial and no gene."""
    return not text.upper().startswith(("准字", "NCT", "ISRCTN", "CHICTR", "ICD", "PMID", "RS", "ATC", "DOI"))


def _is_parted_code(text: str) -> bool:
    return _is_code(text) and len(validators.digits(text)) >= 6


def _is_phone_with_extension(text: str) -> bool:
    return validators.is_us_phone(re.sub(r"[ ,]*(?:x|ext).*", "", text))


_PLATE = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使"
_U = "0-9A-HJ-NPQRTUWXY"
_URL_TAIL = r"[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]"
_URL_END = r"[A-Za-z0-9/#=_~-]"
_TOP = "com|cn|org|net|edu|gov|mil|info|hk|tw|uk|ca|io"
_HAN_DIGIT = "零〇一幺二三四五六七八九"

PATTERNS: Final = (
    Pattern(
        rule="resident-id-18",
        type="resident-id",
        score=1.0,
        regex=r"[0-9]{6}[ -]?[0-9]{4}[ -]?[0-9]{4}[ -]?[0-9]{3}[0-9Xx]",
        check=validators.is_resident_id,
    ),
    Pattern(
        rule="resident-id-15",
        type="resident-id",
        score=0.9,
        regex=r"[0-9]{15}",
        check=validators.is_resident_id,
    ),
    Pattern(
        rule="hong-kong-id",
        type="resident-id",
        score=0.95,
        border="alnum",
        regex=r"[A-Z]{1,2}[0-9]{6} ?\([0-9A]\)",
        sieve=r"[0-9]{6} ?\([0-9A]\)",
        check=validators.is_hong_kong_id,
    ),
    Pattern(
        rule="taiwan-id",
        type="resident-id",
        score=0.9,
        border="alnum",
        regex=r"[A-Z][1289][0-9]{8}",
        check=validators.is_taiwan_id,
        otherwise=0,
    ),
    Pattern(
        rule="uscc",
        type="other-id",
        score=0.95,
        border="alnum",
        regex=rf"[{_U}]{{2}}[0-9]{{6}}[{_U}]{{10}}",
        check=_has_letter_and_uscc,
        sieve=rf"[0-9]{{6}}[{_U}]{{10}}",
    ),
    Pattern(
        rule="mobile",
        type="phone",
        score=0.95,
        regex=r"(?=[(+018])(?:(?:\(\+?86\)|(?:\+|00)?86)[- ]{0,2})?1[3-9][0-9](?:[-. ]?[0-9]{4}[-. ]?[0-9]{4}|[- ]?[0-9]{3}[- ]?[0-9]{5})",
        sieve=r"1[3-9][0-9](?:[-. ]?[0-9]{4}[-. ]?[0-9]{4}|[- ]?[0-9]{3}[- ]?[0-9]{5})",
    ),
    Pattern(
        rule="spaced-mobile",
        type="phone",
        score=0.85,
        regex=r"1 [3-9](?: [0-9]){9}",
    ),
    Pattern(
        rule="han-mobile",
        type="phone",
        score=0.85,
        border="none",
        regex=rf"[一幺][三四五六七八九][{_HAN_DIGIT}]{{9}}",
        sieve=rf"[一幺][三四五六七八九][{_HAN_DIGIT}]{{4}}",
    ),
    Pattern(
        rule="landline",
        type="phone",
        score=0.85,
        regex=r"(?=[(+0])(?:(?:\+|00)86[- ]?)?(?:\(0[0-9]{2,3}\)|0[1-9][0-9]{1,2})[-/ ]{0,2}"
        r"(?:[2-8][0-9]{6,7}|[2-8][0-9]{2,3}[- ][0-9]{4})(?:(?:-|转| 转 ?|ext\.? ?|#)[0-9]{1,6})?",
        sieve=r"0[0-9]{2,3}\)?[-/ ]{0,2}(?:[2-8][0-9]{6}|[2-8][0-9]{2,3}[- ][0-9]{4})",
    ),
    Pattern(
        rule="service-phone", type="phone", score=0.8, regex=r"[48]00[- ]?[0-9]{3}[- ]?[0-9]{4}"
    ),
    Pattern(
        rule="us-phone",
        type="phone",
        score=0.9,
        regex=r"(?=[(+0-9])(?:\+?1[-. ]?)?(?:\([0-9]{3}\)[-. ]?|[0-9]{3}[-. ])[0-9]{3}[-. ][0-9]{4}"
        r"(?:,? ?(?:x|ext\.?|extension) ?[0-9]{1,6})?",
        check=_is_phone_with_extension,
        sieve=r"[0-9]{3}\)?[-. ]?[0-9]{3}[-. ][0-9]{4}",
    ),
    Pattern(
        rule="uk-phone",
        type="phone",
        score=0.8,
        regex=r"0(?:20 ?[0-9]{4} ?[0-9]{4}|7[0-9]{3} ?[0-9]{3} ?[0-9]{3}|1[0-9]{2,3} [0-9]{3} ?[0-9]{3,4})",
        sieve=r"0(?:20|7[0-9]{3}|1[0-9]{2,3}) ?[0-9]{3}",
    ),
    Pattern(
        rule="international-phone",
        type="phone",
        score=0.85,
        regex=r"\+[1-9][0-9]{0,2}[- ]?\(?[0-9](?:[- ()]{0,2}[0-9]){6,13}",
        sieve=r"\+[1-9]",
    ),
    Pattern(
        rule="ssn",
        type="ssn",
        score=0.95,
        regex=r"[0-9]{3}([- ])[0-9]{2}\1[0-9]{4}",
        sieve=r"[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}",
        check=validators.is_ssn,
    ),
    Pattern(
        rule="nhs-number",
        type="record-number",
        score=0.9,
        regex=r"[0-9]{3}([ -])[0-9]{3}\1[0-9]{4}",
        check=validators.is_nhs_number,
        otherwise=0,
        sieve=r"[0-9]{3}[ -][0-9]{3}[ -][0-9]{4}",
    ),
    Pattern(
        rule="bank-card",
        type="account-number",
        score=0.9,
        regex=r"[0-9]{4}(?:[ -]?[0-9]{4}){3}(?:[ -]?[0-9]{1,3})?",
        check=validators.is_luhn,
        sieve=r"[0-9]{4}(?:[ -]?[0-9]{4}){3}",
    ),
    Pattern(
        rule="amex",
        type="account-number",
        score=0.9,
        regex=r"3[47][0-9]{2}[ -]?[0-9]{6}[ -]?[0-9]{5}",
        check=validators.is_luhn,
    ),
    Pattern(
        rule="iban",
        type="account-number",
        score=0.95,
        border="alnum",
        regex=r"[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?",
        sieve=r"[A-Z]{2}[0-9]{2} ?[A-Z0-9]{4} ?[A-Z0-9]{4}",
        check=validators.is_iban,
        otherwise=0,
    ),
    Pattern(
        rule="passport",
        type="passport",
        score=0.6,
        border="alnum",
        regex=r"(?:准字)?(?:[EGDSP]|E[A-Z]|[DSP]E)[0-9]{7,8}",
        check=_is_code,
        otherwise=0,
    ),
    Pattern(
        rule="home-return-permit",
        type="permit",
        score=0.65,
        border="alnum",
        regex=r"(?:准字)?(?:[HM][0-9]{8}(?:[0-9]{2})?|C[A-Z0-9][0-9]{7})",
        check=_is_code,
        otherwise=0,
    ),
    Pattern(
        rule="officer-permit",
        type="permit",
        score=0.9,
        border="none",
        regex=r"[军兵士文官政后装海空北南广沈兰成济参总武]{1,3}字?第 ?[0-9]{5,10} ?号",
        sieve=r"第 ?[0-9]{5}",
    ),
    Pattern(
        rule="dea",
        type="other-id",
        score=0.9,
        border="alnum",
        regex=r"[ABCDEFGHJKLMPRSTUX][A-Z9][0-9]{7}",
        check=validators.is_dea,
        otherwise=0,
    ),
    Pattern(
        rule="vin",
        type="plate",
        score=0.95,
        border="alnum",
        regex=r"[A-HJ-NPR-Z0-9]{11}[0-9A-HJ-NPR-Z]{2}[0-9]{4}",
        check=validators.is_vin,
        otherwise=0,
    ),
    Pattern(
        rule="mac",
        type="device-id",
        score=0.95,
        border="dotted",
        regex=r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}",
    ),
    Pattern(
        rule="udi",
        type="device-id",
        score=0.95,
        border="none",
        regex=r"\(01\) ?[0-9]{14}(?: ?\((?:10|11|17|21)\) ?[A-Za-z0-9-]{1,20}){0,4}",
        sieve=r"\(01\) ?[0-9]{14}",
    ),
    Pattern(
        rule="code",
        type="record-number",
        score=0.6,
        border="alnum",
        regex=r"(?=[准A-Za-z])(?:准字)?[A-Za-z]{1,5}-?[0-9]{6,14}",
        check=_is_code,
        otherwise=0,
        sieve=r"[A-Za-z]-?[0-9]{6}",
    ),
    Pattern(
        rule="parted-code",
        type="record-number",
        score=0.55,
        border="alnum",
        regex=r"[A-Z]{1,5}-?[0-9]{2,8}(?:-[0-9]{2,8}){1,3}",
        check=_is_parted_code,
        otherwise=0,
        sieve=r"[A-Z]-?[0-9]{2,8}-[0-9]{2}",
    ),
    Pattern(
        rule="long-number",
        type="other-id",
        score=DOUBT,
        border="alnum",
        regex=r"[0-9]{9,40}",
        sieve=r"[0-9]{9}",
    ),
    Pattern(
        rule="last-digits",
        type="other-id",
        score=0.8,
        regex=r"(?:(?:尾号|[后末]四位)(?:数字)?[为是:]? ?"
        r"|(?:ending in|last (?:four|4)(?: digits)?(?: of (?:his |her |the |their )?(?:social(?: security)?|SSN|ssn|card|account))?)(?: of| is|:| are)? )(?P<v>[0-9]{3,6})",
        sieve=r"尾号|四位|ending in|last (?:four|4)",
    ),
    Pattern(
        rule="email",
        type="email",
        score=1.0,
        border="none",
        regex=r"[A-Za-z0-9._%+-]{1,64} ?@ ?(?![0-9]+\.[0-9]+(?!\.?[A-Za-z0-9-]))[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}",
        sieve=r"@ ?[A-Za-z0-9]",
    ),
    Pattern(
        rule="email-spoken",
        type="email",
        score=0.8,
        border="alnum",
        regex=r"[A-Za-z0-9]{1,30}(?: (?:dot|underscore|dash) [A-Za-z0-9]{1,30}){0,4} \(?at\)? [A-Za-z0-9]{2,30} \(?dot\)? (?:com|org|net|edu|gov|co)",
        sieve=r"at\)? [A-Za-z0-9]{2,30} \(?dot\)? (?:com|org|net|edu|gov|co)",
    ),
    Pattern(
        rule="url",
        type="url",
        score=1.0,
        border="none",
        regex=rf"[A-Za-z]{{2,8}}://{_URL_TAIL}{{2,500}}{_URL_END}",
        sieve="://",
    ),
    Pattern(
        rule="www",
        type="url",
        score=1.0,
        border="none",
        regex=rf"[Ww]{{3}}\.{_URL_TAIL}{{2,500}}{_URL_END}",
        sieve=r"[Ww]{3}\.",
    ),
    Pattern(
        rule="domain",
        type="url",
        score=0.8,
        border="alnum",
        regex=rf"[A-Za-z0-9][A-Za-z0-9-]{{1,62}}(?:\.[A-Za-z0-9-]{{1,62}}){{0,4}}\.(?:{_TOP})(?:/"
        + _URL_TAIL
        + r"{0,300}[A-Za-z0-9/#=_~-])?",
        sieve=rf"[A-Za-z0-9-]\.(?:{_TOP})",
    ),
    Pattern(
        rule="ip-4",
        type="ip",
        score=0.8,
        border="dotted",
        regex=r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}",
        check=lambda text: len(text) > 7 and validators.is_ip(text),  # 1.3.4.5 is rather a list
        otherwise=0,
        sieve=r"[0-9]\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]",
    ),
    Pattern(
        rule="ip-6",
        type="ip",
        score=0.9,
        border="dotted",
        regex=r"(?!:[^:])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4}",
        sieve=r":[0-9A-Fa-f]{0,4}:",
        check=validators.is_ip,
        otherwise=0,
    ),
    Pattern(
        rule="plate",
        type="plate",
        score=0.9,
        border="none",
        regex=rf"[{_PLATE}] ?[A-HJ-NP-Z][·• -]?(?=[A-Z]{{0,4}}[0-9])"
        r"[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳](?![A-Za-z0-9])",
        sieve=rf"[{_PLATE}] ?[A-HJ-NP-Z][·• -]?[A-HJ-NP-Z0-9]{{4}}",
    ),
    Pattern(
        rule="accession",
        type="record-number",
        score=0.6,
        border="alnum",
        regex=r"[0-9]{2}-[A-Z]{1,3}-[0-9]{3,7}|[A-Z]{1,2}[0-9]{2}-[0-9]{3,6}",
        sieve=r"[0-9]{2}-[A-Z]{1,3}-[0-9]{3}|[A-Z][0-9]{2}-[0-9]{3}",
    ),
    Pattern(
        rule="handle",
        type="social",
        score=0.65,
        border="alnum",
        regex=r"@[A-Za-z][A-Za-z0-9]{0,20}[0-9_.-][A-Za-z0-9_]{1,20}",
        sieve=r"(?:^|[^0-9A-Za-z])@[A-Za-z]",
    ),
    Pattern(rule="wechat", type="social", score=0.95, border="alnum", regex=r"wxid_[a-z0-9]{6,30}"),
    Pattern(
        rule="uk-postcode",
        type="address",
        score=0.6,
        border="alnum",
        regex=r"(?:A[BL]|B[ABDHLNRST]?|C[ABFHMORTVW]|D[ADEGHLNTY]|E[CHNX]?|F[KY]|G[LUY]?|H[ADGPRSUX]|I[GPV]|K[ATWY]|L[ADELNSU]?"
        r"|M[EKL]?|N[EGNPRW]?|O[LX]|P[AEHLOR]|R[GHM]|S[AEGKLMNOPRSTWY]?|T[ADFNQRSW]|UB|W[ACDFNRSV]?|YO|ZE)"
        r"[0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}",
        sieve=r"[A-Z][0-9][0-9A-Z]? [0-9][ABD-HJLNP-UW-Z]{2}",
    ),
    Pattern(
        rule="canada-postcode",
        type="address",
        score=0.6,
        border="alnum",
        regex=r"[ABCEGHJ-NPRSTVXY][0-9][ABCEGHJ-NPRSTV-Z] [0-9][ABCEGHJ-NPRSTV-Z][0-9]",
    ),
)  # fmt: skip
