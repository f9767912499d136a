import copy
import json
import math
import random
import re
import shutil
import struct
import subprocess
import tomllib
from html.parser import HTMLParser
from importlib.resources import files

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.crypto.canonical import canonical, number
from confide.study import figures
from confide.study.dossier import build, digest, render
from confide.words import say, speaking

SCHEMA = json.loads(files("confide.study").joinpath("dossier.schema.json").read_text(encoding="utf-8"))
BLOCKS = ["verdict", "leaves", "undo", "risk", "not-checked", "account", "accuracy", "signature"]
LANGUAGES = ("en", "zh")
WORDS = files("confide.words").joinpath("en", "dossier.toml").read_text(encoding="utf-8")
NOT_CHECKED = sorted(tomllib.loads(WORDS)["unchecked"])
AGES, SEXES = ["0-17", "18-44", "45-64", "65-120"], ["F", "M"]


def example_facts(language):
    """A study as it would be handed over; all figures are invented."""
    zh = language == "zh"
    rows = []
    for i, age in enumerate(AGES):
        for j, sex in enumerate(SEXES):
            n, stay = 900 + 1417 * i + 83 * j, 3.1 + 0.92 * i - 0.2 * j
            rows.append(
                {
                    "age_band": age,
                    "sex": ("女", "男")[j] if zh else sex,
                    "count": {"value": n, "low": n - 37, "high": n + 37},
                    "mean(stay_days, 0, 60)": {"value": stay, "low": stay - 0.31, "high": stay + 0.31},
                }
            )
    return {
        "study": {
            "name": "三十日再入院" if zh else "Readmission within thirty days",
            "purpose": "按年龄段与性别了解哪些住院患者会在三十天内再次入院，以便安排出院后的随访。"
            if zh
            else "Learn which inpatients come back within thirty days, by age band and sex, so that follow-up visits can be planned.",
            "requester": "医务处 · 质量管理科" if zh else "Quality office, Department of Medicine",
            "language": language,
            "unit": "patient",
            "confide_version": "0.1.0",
            "started": "2026-07-14T09:30:11",
            "finished": "2026-07-14T09:33:52",
        },
        "declared": {"releases": 2, "epsilon": 1.71, "delta": 1e-8},
        "account": {
            "name": "inpatients",
            "epsilon_total": 10.0,
            "delta_total": 1e-7,
            "epsilon_spent_before": 2.5,
            "epsilon_this_study": 2.0,
            "delta_this_study": 1e-8,
            "epsilon_left": 5.5,
            "allowance_epsilon": 4.0,
            "allowance_delta": 1e-8,
            "abandoned_charges": 1,
            "ledger_id": "hospital-a/7f3c",
            "checkpoint_size": 41,
            "checkpoint_hash": "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c",
            "scratch": False,
        },
        "seal": {
            "files": 3,
            "bytes": 18_734_112,
            "plain_originals": 3,
            "custody": "passphrase",
            "suite": "AES256-GCM-HKDF-1MB",
            "recovery_key_on_this_machine": True,
        },
        "sources": [
            {"name": "notes", "kind": "notes", "files": 1, "rows": 1204, "patients": 400, "opted_out": 6},
            {
                "name": "visits",
                "kind": "table",
                "files": 2,
                "rows": 48_120,
                "patients": 20_000,
                "opted_out": 112,
            },
        ],
        "deid": {
            "policy": "gbt37964-research" if zh else "hipaa-expert",
            "review": "mask",
            "documents": 1190,
            "held": 0,
            "doubtful": 37,
            "spans": {
                "name": 3911,
                "phone": 804,
                "resident-id": 371,
                "birth-date": 402,
                "date": 5120,
                "address": 377,
            },
            "found_by": {"known": 6120, "pattern": 2983, "context": 1441, "sweep": 441},
            "dates": "shift",
            "sources": ["notes"],
        },
        "risk": [
            {
                "source": "notes",
                "rows": 1190,
                "patients": 394,
                "quasi_identifiers": ["age", "sex", "district"],
                "k": 6,
                "unique": 0,
                "share_unique": 0.0,
                "prosecutor": 0.1667,
                "marketer": 0.041,
                "grade": 3,
            }
        ],
        "stats": [
            {
                "name": "stays",
                "replayed": False,
                "release": {
                    "name": "stays",
                    "by": {"age_band": AGES, "sex": ["女", "男"] if zh else SEXES},
                    "columns": ["age_band", "sex", "count", "mean(stay_days, 0, 60)"],
                    "confidence": 0.95,
                    "notes": [{"key": "dossier.releases-lead"}],
                    "rows": rows,
                    "epsilon": 1.0,
                    "delta": 0.0,
                    "max_rows": 4,
                },
                "expected_error": {"count": 37.0, "mean(stay_days, 0, 60)": 0.31},
            }
        ],
        "train": [
            {
                "name": "readmitted",
                "replayed": False,
                "release": {
                    "name": "readmitted",
                    "features": ["number(age, 0, 120)", "category(sex, F, M)", "number(stay_days, 0, 60)"],
                    "target": "readmitted",
                    "epsilon": 1.0,
                    "delta": 1e-8,
                    "steps": 600,
                    "rate": 0.0256,
                    "noise_multiplier": 1.93,
                    "clip": 1.0,
                    "coefficients": {"age": 0.71, "sex = F": -0.12, "sex = M": 0.09, "stay_days": 0.44},
                },
                "held_out": {
                    "auc": 0.683,
                    "accuracy": 0.742,
                    "patients": 4000,
                    "rows": 9611,
                    "positives": 1022,
                },
                "plain": {"auc": 0.691, "accuracy": 0.747},
            }
        ],
        "audit": {
            "bytes": {"identifiers": 5210, "outputs": 4, "bytes": 2_871_223, "found": 0},
            "membership": [
                {
                    "model": "readmitted",
                    "auc": 0.504,
                    "epsilon_lower": 0.0,
                    "epsilon_bound": 1.0,
                    "patients": 8000,
                }
            ],
        },
        "outputs": [
            {
                "file": "notes.jsonl",
                "kind": "notes",
                "status": "pseudonymised",
                "rows": 1190,
                "sha256": "3f" * 32,
                "left": True,
            },
            {
                "file": "stays.csv",
                "kind": "statistics",
                "status": "dp",
                "rows": 8,
                "sha256": "a1" * 32,
                "left": True,
            },
            {
                "file": "readmitted.json",
                "kind": "model",
                "status": "dp",
                "rows": None,
                "sha256": "c4" * 32,
                "left": True,
            },
        ],
        "not_private": [
            {"what": "notes.jsonl · notes · pseudonymised", "when": "2026-03-02", "study": "pilot-2026"}
        ],
        "not_checked": ["linkage", "free-text", "images", "inference", "machine", "legal"],
        "gates": [
            {"name": "k", "value": 6, "threshold": 5, "holds": True, "public": False},
            {"name": "identifier_risk", "value": 0.041, "threshold": 0.05, "holds": True, "public": False},
            {"name": "epsilon", "value": 2.0, "threshold": 4.0, "holds": True, "public": True},
            {"name": "open_reviews", "value": 0, "threshold": 0, "holds": True, "public": False},
        ],
        "openings": [
            {
                "time": "2026-07-14T10:02:00",
                "who": "officer",
                "purpose": "review",
                "path": "sealed/notes.sealed",
            }
        ],
        "verdict": "pass",
        "seconds": {"seal": 1.2, "deid": 41.0, "risk": 0.4, "stats": 0.9, "train": 22.1, "audit": 12.0},
    }


def crowded_facts(language):
    """A study in which everything that the first page shows is long, many, or goes wrong."""
    facts = example_facts(language)
    long = "很长的名称" * 40 if language == "zh" else "a name without an end " * 20
    facts["study"] |= {"name": long, "purpose": long * 2, "requester": long, "unit": "row"}
    facts["account"] |= {"name": long, "scratch": True, "epsilon_spent_before": 123456.789}
    facts["seal"] |= {"custody": long}
    facts["stats"] = [with_name(facts["stats"][0], f"{long}{i}") for i in range(9)]
    facts["train"] = [with_name(facts["train"][0], f"{long}{i}") for i in range(9)]
    facts["outputs"] = [dict(facts["outputs"][0], kind=f"{i} {long}", left=i < 9) for i in range(12)]
    facts["gates"] = [dict(gate, name=f"{gate['name']}-{long}", holds=False) for gate in facts["gates"] * 3]
    facts["not_checked"] = NOT_CHECKED
    facts["risk"] = [dict(facts["risk"][0], source=long)]
    facts["audit"]["bytes"]["found"] = 123_456_789
    facts["verdict"] = "hold"
    return facts


def with_name(step, name):
    return step | {"name": name, "release": step["release"] | {"name": name}}


# What may be handed on, and what may not: dotted paths into the facts, `*` for each of a list or mapping.
PRIVATE = [
    "study.finished",
    "seal.files",
    "seal.bytes",
    "seal.plain_originals",
    "seal.recovery_key_on_this_machine",
    "sources.*.files",
    "sources.*.rows",
    "sources.*.patients",
    "sources.*.opted_out",
    "deid.documents",
    "deid.held",
    "deid.doubtful",
    "deid.spans.*",
    "deid.found_by.*",
    "risk.*.rows",
    "risk.*.patients",
    "risk.*.k",
    "risk.*.unique",
    "risk.*.share_unique",
    "risk.*.prosecutor",
    "risk.*.marketer",
    "risk.*.grade",
    "train.*.held_out.*",
    "train.*.plain.*",
    "audit.bytes.*",
    "audit.membership.*.auc",
    "audit.membership.*.epsilon_lower",
    "audit.membership.*.patients",
    "audit.membership.*.model",
    "outputs.*.rows",
    "openings.*.purpose",
    "openings.*.time",
    "openings.*.who",
    "seconds.*",
]
ROW_LEVEL, NOT_PUBLIC = "outputs.0.sha256", ["gates.0.value", "gates.1.value", "gates.3.value"]


def places(facts, path):
    """Return (container, key) for each value that a dotted path names."""
    first, _, rest = path.partition(".")
    if first == "*":
        keys = list(facts) if isinstance(facts, dict) else range(len(facts))
    else:
        keys = [int(first) if isinstance(facts, list) else first]
    return [place for key in keys for place in (places(facts[key], rest) if rest else [(facts, key)])]


def private_places(facts):
    return [place for path in [*PRIVATE, ROW_LEVEL, *NOT_PUBLIC] for place in places(facts, path)]


def containers(facts):
    if isinstance(facts, dict):
        yield facts
    for value in facts.values() if isinstance(facts, dict) else facts if isinstance(facts, list) else ():
        yield from containers(value)


def outside_of(facts, language):
    _, outside = build(facts)
    return canonical(outside) + render(outside, language).encode()


secrets = st.one_of(
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.none(),
    st.booleans(),
    st.lists(st.integers(), max_size=3),
)


@given(language=st.sampled_from(LANGUAGES), data=st.data())
@settings(deadline=None, max_examples=40)
def test_only_public_constants_and_charged_figures_are_in_the_outside_edition(language, data):
    """Promise 4: whatever the private figures are, the outside edition is the same, byte for byte."""
    facts = example_facts(language)
    usual = outside_of(facts, language)
    for container, key in private_places(facts):
        container[key] = data.draw(secrets)
    assert outside_of(facts, language) == usual


@given(language=st.sampled_from(LANGUAGES), number=st.integers(10**14, 10**15), seed=st.integers(0, 2**32))
@settings(deadline=None, max_examples=20)
def test_no_canary_that_is_planted_in_a_private_or_unknown_field_gets_out(language, number, seed):
    facts = example_facts(language)
    for container, key in private_places(facts):
        container[key] = random.Random(seed).choice([number, float(number), f"canary-{number}"])
    for container in list(containers(facts)):
        container[f"extra-{number}"] = {"canary": number}
    facts["deid"]["spans"][f"class-{number}"] = 3
    facts["outputs"][0]["file"] = f"notes-{number}.jsonl"
    facts["outputs"][1]["file"] = f"stays.{number}"
    # A coefficient of a charged release is charged, so these stay as they were.
    del facts["train"][0]["release"]["coefficients"][f"extra-{number}"]
    found = re.sub(rb"[,.\s]", b"", outside_of(facts, language))
    assert str(number).encode() not in found
    assert b"canary" not in found


def test_a_new_private_field_must_be_named_to_get_out():
    """The schema closes every object of the outside edition, so that a leak is refused twice."""
    _, outside = build(example_facts("en"))
    for path in ("", "study", "account", "gates.0", "statistics.0", "models.0", "outputs.0"):
        leaking = copy.deepcopy(outside)
        container = leaking
        for step in path.split(".") if path else ():
            container = container[int(step) if step.isdigit() else step]
        container["patients"] = 20_000
        assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(leaking), path


def test_the_schema_refuses_the_value_of_a_gate_that_nobody_paid_for():
    _, outside = build(example_facts("en"))
    outside["gates"][0]["value"] = 6
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(outside)


def test_what_a_private_gate_still_tells_is_counted_and_said():
    """Promise 6: what ε does not cover is said."""
    _, outside = build(example_facts("en"))
    assert outside["bits"] == 3
    assert "yes or no of 3 such gates" in render(outside, "en")
    assert "pilot-2026" in render(outside, "en")


def test_a_low_attack_result_is_never_shown_as_proof_of_safety():
    inside, _ = build(example_facts("en"))
    assert "A low result is no proof of safety" in render(inside, "en")


# Shapes: any facts make two valid documents and two pages.


def shaken(facts, draw):
    """Return the facts with values of their own kind drawn anew, and lists and mappings cut short."""
    if isinstance(facts, dict):
        return {key: shaken(value, draw) for key, value in facts.items()}
    if isinstance(facts, list):
        return [shaken(value, draw) for value in facts[: draw(st.integers(0, len(facts)))]]
    if isinstance(facts, bool):
        return draw(st.booleans())
    if isinstance(facts, int | float):
        return draw(st.one_of(st.integers(), st.floats(), st.none()))
    if isinstance(facts, str):
        return draw(st.one_of(st.just(facts), st.text(max_size=30)))
    return facts


@given(language=st.sampled_from(LANGUAGES), data=st.data())
@settings(deadline=None, max_examples=60)
def test_any_facts_make_valid_documents_and_pages(language, data):
    facts = shaken(example_facts(language), data.draw)
    facts["verdict"] = data.draw(st.sampled_from(["pass", "hold", "refuse"]))
    facts["not_checked"] = data.draw(st.lists(st.sampled_from(NOT_CHECKED)))
    for step in facts["stats"]:
        step["release"]["notes"] = []
    facts["deid"] = data.draw(st.sampled_from([facts["deid"], None]))
    for document in build(facts):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
        assert blocks_of(render(document, language)) == BLOCKS


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_lists_make_a_dossier_too(language):
    facts = example_facts(language)
    empty = {key: [] for key, value in facts.items() if isinstance(value, list)}
    facts |= empty | {"deid": None, "audit": {"bytes": None, "membership": []}, "seconds": {}}
    for document in build(facts):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
        assert blocks_of(render(document, language)) == BLOCKS


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_editions_are_valid_against_the_published_schema(language):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for document in build(example_facts(language)):
        jsonschema.Draft202012Validator(SCHEMA).validate(document)


# Pages.


class Page(HTMLParser):
    """What a browser would do with a page: the tags, the text, the blocks of the first page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += attributes

    def handle_data(self, data):
        if self.lasttag != "style":
            self.text += data


def blocks_of(text):
    return [value for name, value in Page(text).attributes if name == "data-block"]


def pages(facts, language):
    return [render(document, language) for document in build(facts)]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("facts_of", [example_facts, crowded_facts])
def test_a_page_asks_for_nothing_outside_itself(language, facts_of):
    """Promise 10: offline. No address, no script, no outside font or image, and a policy that forbids them."""
    for text in pages(facts_of(language), language):
        page = Page(text)
        assert not re.search(r"https?:|//[a-z]|@import|url\(|javascript:", text, re.IGNORECASE)
        assert not {"script", "link", "iframe", "object", "embed", "img", "form", "base"} & set(page.tags)
        assert not [name for name, _ in page.attributes if name.startswith("on") or name in ("src", "href")]
        assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_study_is_escaped(language):
    facts = example_facts(language)
    planted = "<script>alert(1)</script>\"'&<img src=x onerror=y>"
    for container in list(containers(facts)):
        for key, value in container.items():
            if isinstance(value, str) and key not in ("verdict", "key", "started"):
                container[key] = planted
    facts["train"][0]["release"]["coefficients"] = {planted: 1.0}
    facts["stats"][0]["release"] |= {"by": {planted: [planted]}, "columns": [planted, "count"]}
    for text in pages(facts, language):
        assert not {"script", "img"} & set(Page(text).tags)
        assert "&lt;script&gt;" in text
        assert planted in Page(text).text


@pytest.mark.parametrize(("language", "tag"), [("en", "en"), ("zh", "zh-CN")])
def test_a_page_says_its_language_and_speaks_it_fully(language, tag):
    facts = example_facts(language)
    for text in pages(facts, language):
        assert ("lang", tag) in Page(text).attributes
        own = re.sub(r"[ -~\s]", "", Page(text).text)
        if language == "en":
            assert not re.search(r"[\u4e00-\u9fff]", own)
        else:
            assert not re.search(r"\b(the|and|is|of|to|not)\b", Page(text).text)


@pytest.mark.parametrize("language", LANGUAGES)
def test_only_the_inside_edition_wears_the_red_banner(language):
    inside, outside = pages(example_facts(language), language)
    with speaking(language):
        assert say("dossier.banner") in inside
        assert say("dossier.banner") not in outside
        assert say("dossier.banner-short") not in outside


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_scratch_ledger_is_said_in_the_verdict(language):
    facts = example_facts(language)
    facts["account"]["scratch"] = True
    with speaking(language):
        assert all(say("dossier.scratch") in text for text in pages(facts, language))


def test_a_unit_of_rows_is_said_on_the_first_page():
    facts = example_facts("en")
    facts["study"]["unit"] = "row"
    assert all("protects single rows, not patients" in text for text in pages(facts, "en"))


@pytest.mark.skipif(
    not (shutil.which("chromium") and shutil.which("pdftotext")), reason="needs chromium and pdftotext"
)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("facts_of", [example_facts, crowded_facts])
def test_the_first_page_is_exactly_one_a4_page(language, facts_of, tmp_path):
    """The page is printed without the height that the style gives it; all of it must still fit."""
    for document in build(facts_of(language)):
        text = render(document, language)
        assert "height: 265mm; min-height: 0; overflow: hidden;" in text
        page = tmp_path / "page.html"
        page.write_text(
            text.replace("height: 265mm; min-height: 0; overflow: hidden;", "min-height: 0;"), "utf-8"
        )
        first, second = (printed(page, number) for number in (1, 2))
        assert digest(document) in first
        with speaking(language):
            part = "dossier.part.inside" if document["edition"] == "inside" else "dossier.part.releases"
            assert say(part) in second
            assert say(part) not in first


def printed(page, number):
    """Return the text of one page of the print."""
    pdf = page.with_suffix(".pdf")
    quiet = (
        "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    )
    quiet += " --disable-component-update --disable-sync --no-pdf-header-footer"
    if number == 1:
        command = [
            "chromium",
            *quiet.split(),
            f"--user-data-dir={page.parent}",
            f"--print-to-pdf={pdf}",
            page.as_uri(),
        ]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
    command = ["pdftotext", "-f", str(number), "-l", str(number), pdf, "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# Digest.


def test_the_digest_is_that_of_the_stored_bytes_and_both_editions_name_it():
    inside, outside = build(example_facts("en"))
    assert json.loads(canonical(outside)) == outside
    assert digest(json.loads(canonical(outside))) == digest(outside) == inside["outside_digest"]
    assert digest(outside) in render(outside, "en")
    assert digest(outside) in render(inside, "en")
    assert digest(inside) in render(inside, "en")


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_canonical_number_reads_back_as_itself(value):
    assert float(number(value)) == value


@pytest.mark.parametrize(
    ("bits", "text"),
    [  # RFC 8785, appendix B
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4e", "999999999999999700000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555553", "333333333.3333332"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
        ("43143ff3c1cb0959", "1424953923781206.2"),
    ],
)
def test_numbers_are_written_as_rfc_8785_prints_them(bits, text):
    assert number(struct.unpack(">d", bytes.fromhex(bits))[0]) == text


def test_keys_are_ordered_by_utf_16_units():
    assert list(json.loads(canonical({"\ufb33": 1, "😀": 2, "a": 3}))) == ["a", "😀", "\ufb33"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**53 + 1])
def test_a_number_that_json_cannot_hold_exactly_is_refused(value):
    with pytest.raises(ValueError, match="number"):
        canonical([value])


def test_what_is_not_json_is_refused():
    with pytest.raises(TypeError, match="set"):
        canonical({"a": {1}})


# Numbers are never kinder than the truth.


@given(st.floats(1e-8, 1e8))
def test_a_spent_epsilon_is_rounded_up_and_a_remaining_one_down(value):
    grain = 1e-9  # the ledger's unit, to which both are brought first
    assert float(figures.spent(value).replace(",", "")) >= value - grain
    assert float(figures.left(value).replace(",", "")) <= value + grain


@given(epsilon=st.floats(0, 50), delta=st.floats(0, 1))
def test_the_stated_best_guess_is_no_lower_than_what_epsilon_allows(epsilon, delta):
    """At FPR = x the bound allows TPR = min(e^ε x + δ, 1 - e^-ε (1 - δ - x)); no x may beat what is stated."""
    facts = example_facts("en")
    facts["account"] |= {"epsilon_this_study": epsilon, "delta_this_study": delta}
    stated = build(facts)[1]["worst"]["guess_study"]
    grow = math.exp(epsilon)
    for step in range(101):
        x = step / 100 / (1 + grow) if step <= 50 else (step - 50) / 50
        best = min(grow * x + delta, 1 - (1 - delta - x) / grow, 1.0)
        assert (best + 1 - x) / 2 <= stated + 1e-12


@given(*[st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))] * 3)
def test_the_parts_of_the_bar_never_pass_its_end(total, before, now):
    first, second = figures.shares(total, before, now)
    assert 0 <= first <= 100
    assert second >= 0
    assert first + second <= 100.01


def test_the_groups_stand_in_the_order_of_the_columns_though_the_ledger_sorts_its_keys():
    facts = example_facts("en")
    facts["stats"][0]["release"] = json.loads(json.dumps(facts["stats"][0]["release"], sort_keys=True))
    facts["stats"][0]["release"]["columns"][:2] = ["sex", "age_band"]
    _, outside = build(facts)
    assert [group["name"] for group in outside["statistics"][0]["by"]] == ["sex", "age_band"]
    assert outside["statistics"][0]["rows"][0]["keys"] == ["F", "0-17"]


def test_a_release_that_lists_its_measures_and_no_columns_is_shown_the_same():
    facts = example_facts("en")
    usual = build(facts)
    release = facts["stats"][0]["release"]
    release["measures"] = release.pop("columns")[2:]
    assert build(facts) == usual


def test_a_ledger_entry_is_said_in_the_language_of_the_study():
    assert "notes.jsonl · 病历文本 · 已假名化" in pages(example_facts("zh"), "zh")[1]


def test_coefficients_stand_in_the_order_of_the_features_though_the_ledger_sorts_its_keys():
    facts = example_facts("en")
    facts["train"][0]["release"]["coefficients"] = {
        "age": 1,
        "intercept": 2,
        "sex=F": 3,
        "sex=M": 4,
        "stay_days": 5,
    }
    _, outside = build(facts)
    assert list(outside["models"][0]["coefficients"]) == ["intercept", "age", "sex=F", "sex=M", "stay_days"]


def test_a_long_table_shows_each_group_once_with_all_its_measures():
    facts = example_facts("en")
    release = facts["stats"][0]["release"]
    release["rows"] = [row | {"age_band": f"band {at}"} for at, row in enumerate(release["rows"] * 20)][:40]
    page = pages(facts, "en")[1]
    assert [page.count(f">band {at}</td>") for at in range(40)] == [1] * 40
    assert "mean of stay_days, each value held within 0 and 60" in page
