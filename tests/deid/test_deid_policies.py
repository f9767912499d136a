"""Policies: readable data, complete, and carried out; Safe Harbor and date shift do not mix (rule H0)."""

from importlib.resources import files

import polars as pl
import pytest

from confide.deid.classes import CLASSES
from confide.deid.deidentify import Deidentifier
from confide.deid.policy import POLICIES, allowed_actions, load_policy, read_policy
from confide.deid.replace import tags
from confide.deid.section import DeidSection
from confide.errors import InvalidInput

SAMPLES = {
    "name": "张建国", "staff": "李敏", "kin": "王芳", "resident-id": "11010519491231002X", "passport": "E12345678", "permit": "H1234567890", "ssn": "123-45-6789",
    "insurance-id": "YB20230001", "record-number": "ZY0012345", "phone": "13800138000", "email": "zhang@hospital.cn", "url": "https://hospital.cn/p/8", "ip": "10.20.30.40",
    "account-number": "4111111111111111", "plate": "京A12345", "device-id": "SN-2023-0099", "social": "wx_zhang88", "other-id": "GH-00781", "address": "河南省洛阳市西工区中州中路128号",
    "place": "洛阳市", "organisation": "北京协和医院", "date": "2023-05-01", "birth-date": "1960-02-03", "age": "93岁", "ethnicity": "傣族", "occupation": "钢琴调律师",
}  # fmt: skip


def cell(policy, kind, value=None):
    frame = pl.DataFrame({"_patient": ["p1"], "x": [SAMPLES[kind] if value is None else value]})
    return Deidentifier(policy=policy, key=b"k" * 32, language="zh").table(frame, {"x": kind})["x"][0]


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", CLASSES)
def test_every_policy_does_to_every_class_what_its_file_says(policy, kind):
    value, out, tag = SAMPLES[kind], cell(policy, kind), tags("zh")[kind]
    match load_policy(policy).action(kind):
        case "keep":
            assert out == value
        case "redact":
            assert out == tag
        case "mask":
            assert out != value
            assert "*" in out
            assert len(out) == len(value)
        case "surrogate":
            assert out not in (value, tag)
        case "shift":
            assert out != value
            assert len(out) == len(value)
            assert out[:3] in ("202", "195", "196")
        case "year":
            assert out == value[:4]
        case "cap":
            assert out == "90岁以上"
        case "generalise":
            assert out in ("河南省", "某医院", tag)
        case "town":
            assert out == "河南省洛阳市"


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("kind", [kind for kind in CLASSES if kind not in ("age", "date", "birth-date")])
def test_no_direct_identifier_survives_any_policy_in_a_table(policy, kind):
    if load_policy(policy).action(kind) != "keep":
        assert SAMPLES[kind] not in str(cell(policy, kind))


@pytest.mark.parametrize("policy", POLICIES)
def test_a_policy_file_names_itself_and_every_class(policy):
    loaded = load_policy(policy)
    assert loaded.name == policy
    assert set(loaded.actions) == set(CLASSES)
    assert loaded.status in ("pseudonymised", "de-identified")  # never "anonymous": a key exists


def text_of(policy):
    return files("confide.deid").joinpath("policies", f"{policy}.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('date = "year"', 'date = "shift"', "mixes Safe Harbor with a date shift"),
        ("[actions]", "shift_days = [-365, -1]\n[actions]", "mixes Safe Harbor with a date shift"),
        ('phone = "redact"', 'phone = "mask"', "does not allow mask on phone"),
        ('age = "cap"', 'age = "keep"', "does not allow keep on age"),
        ('phone = "redact"\n', "", "says nothing about phone"),
        ('phone = "redact"', 'phone = "burn"', "asks for burn on phone"),
        ('phone = "redact"', 'phone = "redact"\nshoe = "redact"', "classes that do not exist: shoe"),
        ("threshold = 0.5", "threshold = 0", "must be above 0"),
        ("threshold = 0.5", 'threshold = "x"', "not written as a policy"),
        ("threshold = 0.5", "", "lacks threshold"),
        ("threshold = 0.5", "threshold = 0.5\nspeed = 3", "unknown fields: speed"),
        ('status = "de-identified"', 'status = "anonymous"', "not written as a policy"),
        ("[actions]", "[actions", "cannot be read"),
    ],
)
def test_a_safe_harbor_file_that_breaks_the_rule_or_the_form_is_refused(old, new, message):
    text = text_of("safe-harbor")
    assert old in text
    with pytest.raises(InvalidInput) as refused:
        read_policy(text.replace(old, new, 1), "mine.toml")
    assert message in str(refused.value)
    assert refused.value.hint


@pytest.mark.parametrize("days", ["[-1, 1]", "[0, 5]", "[5, 1]", "[-99999, -1]"])
def test_a_shift_that_could_be_zero_or_absurd_is_refused(days):
    with pytest.raises(InvalidInput):
        read_policy(text_of("pipl").replace("[-365, -1]", days), "mine.toml")


def test_a_policy_of_ones_own_is_read_from_its_file(tmp_path):
    path = tmp_path / "ours.toml"
    path.write_text(
        text_of("pipl")
        .replace('name = "pipl"', 'name = "ours"')
        .replace('email = "redact"', 'email = "surrogate"'),
        encoding="utf-8",
    )
    assert cell(str(path), "email").endswith("@example.com")
    DeidSection(policy=str(path))
    with pytest.raises(InvalidInput):
        load_policy(str(tmp_path / "absent.toml"))


@pytest.mark.parametrize(
    "wrong", [{"policy": "none"}, {"policy": "pipl", "review": "shout"}, {"policy": "pipl", "sources": ()}]
)
def test_a_section_that_could_never_work_is_refused(wrong):
    with pytest.raises(InvalidInput):
        DeidSection(**wrong)


def test_every_class_has_actions_and_every_field_of_the_section_a_sentence():
    from dataclasses import fields

    assert all({"keep", "redact"} <= allowed_actions(kind) for kind in CLASSES)
    assert all(field.metadata["doc"] for field in fields(DeidSection))
