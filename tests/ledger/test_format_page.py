"""The page that a stranger writes a verifier from says what the code does, and its examples verify."""

import hashlib
import json
import re
from pathlib import Path
from typing import get_args

import pytest
from examples import EVENTS, SMALL, WHOLE, WITNESS, ledger_of

from confide.crypto.note import verify_signature
from confide.dp import events
from confide.dp.accountant import pure_epsilon_exact
from confide.errors import IntegrityError
from confide.ledger.export import EXPORT, read_export
from confide.ledger.forms import COMMON, FORMS
from confide.ledger.requests import FIELDS, KINDS
from confide.ledger.roles import ROLES
from confide.ledger.schema import STEPS
from confide.ledger.sqlite import Sqlite
from confide.ledger.store import Store
from confide.ledger.verify import verify_ledger

PAGE = (Path(__file__).parents[2] / "docs" / "ledger-format.md").read_text(encoding="utf-8")


def section(number):
    return re.search(rf"^## {number}\. .*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)[0]


def rows(number, columns):
    """Return the rows of the tables of a section that have so many columns, as lists of cells."""
    lines = [line for line in section(number).splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in lines]
    return [row for row in cells if len(row) == columns and not row[0].startswith("---")]


def named(text):
    """Return the names that a cell puts between backticks before any colon of theirs."""
    return re.findall(r"(?:^|[,;\[] ?)`([a-z_-]+)`", text)


def test_the_page_names_every_kind_of_entry_with_its_fields_and_no_other():
    told = {}
    for kind, fields, _ in rows(4, 3)[1:]:
        bracketed = re.findall(r"\[(`[^\]]*)\](?!`)", fields)
        optional = {name for each in bracketed for name in named(each)}
        told[kind.strip("`")] = (set(named(fields)) - optional, optional)
    assert told == {kind: (set(form.fields), set(form.optional)) for kind, form in FORMS.items()}
    assert all(f"`{name}`" in section(4) for name in COMMON)


def test_the_page_names_every_kind_of_event_with_its_fields_and_no_other():
    told = {row[0].strip("`"): re.findall(r"`([a-z]+)`", row[1]) for row in rows(6, 5)[1:]}
    simple = [events.DiscreteLaplace(sensitivity=1, scale=1.0), events.Failure(delta=0.5), *EVENTS]
    written = {each.to_json()["kind"]: each.to_json() for each in simple}
    assert len(written) == len(get_args(events.Leaf)) + 1
    assert {kind: {"kind", *fields} for kind, fields in told.items()} == {
        kind: set(json) for kind, json in written.items()
    }
    priced = {row[0].strip("`"): row[2] != "–" for row in rows(6, 5)[1:]}
    for each in simple:
        if not isinstance(each, events.Composed):
            assert priced[each.to_json()["kind"]] == (pure_epsilon_exact(each) is not None)


def test_the_page_names_every_kind_of_request_with_its_role_and_signatures():
    told = {}
    for kinds, role, number, _ in rows(7, 4)[1:]:
        told |= {kind: (role.strip("`"), number) for kind in re.findall(r"`([a-z-]+)`", kinds)}
    assert told == {
        kind: (each.role, "1 or 2" if kind in ("appoint", "dismiss") else str(each.signatures))
        for kind, each in KINDS.items()
    }
    assert {name for row in rows(7, 2)[1:] for name in re.findall(r"`([a-z]+)`", row[0])} == FIELDS
    assert all(f"`{role}`" in section(7) for role in ROLES)


def test_the_page_shows_the_tables_of_a_new_ledger():
    with Store(Sqlite(None), lambda: "") as store:
        told = {row[0].strip("`"): re.findall(r"`([a-z]+)`", row[1]) for row in rows(12, 3)[1:]}
        tables = store.database.tables()
        assert told == {
            table: [name for _, name, *_ in store.database.execute(f"PRAGMA table_info({table})")]
            for table in tables
        }
    assert f"version {len(STEPS)}" in section(12)
    assert f"`{EXPORT}`" in section(2)


def test_the_canonical_form_of_the_page_is_that_of_the_entries():
    code = re.search(r"```python\n(.*?)```", section(1), re.DOTALL)[1]
    scope = {"json": json}
    exec(code, scope)  # the page's own lines
    for path in (SMALL, WHOLE):
        for line in path.read_text(encoding="utf-8").splitlines():
            if "entry" in (found := json.loads(line)):
                assert scope["canonical"](json.loads(found["entry"])) == found["entry"]
    odd = {"\ue000": 1, "😀": 2, "é": '\x7f\x1f"\\\b\u2028', "a": [True, None, -(2**53)]}
    assert (
        scope["canonical"](odd)
        == '{"a":[true,null,-9007199254740992],"é":"\x7f\\u001f\\"\\\\\\b\u2028","😀":2,"\ue000":1}'
    )
    for number in (0.5, 2**53 + 1):
        with pytest.raises(ValueError, match="number"):
            scope["canonical"](number)


@pytest.mark.parametrize("path", [SMALL, WHOLE])
def test_an_example_verifies_and_its_figures_stand_in_the_page(path):
    found = read_export(path)
    with ledger_of(path) as ledger:
        verified = verify_ledger(ledger)
    assert len(found.entries) == verified.entries
    assert verify_signature(found.cosigned, WITNESS.cosigner)
    head, root = found.entries[-1].hash, found.checkpoint.root.hex()
    row = f"| `{path.name}` | {verified.entries} | `{head}` | `{root}` | {found.cosigned.size} |"
    assert row in PAGE, row
    assert WITNESS.cosigner.to_text() in PAGE
    assert hashlib.sha256(path.read_bytes()).hexdigest() in PAGE


def test_the_lines_of_the_small_example_that_the_page_shows_are_its_own():
    lines = SMALL.read_text(encoding="utf-8").splitlines()
    shown = re.findall(r"^\{.*\}$", section(11), re.MULTILINE)
    assert len(shown) == 3
    assert set(shown) < set(lines)


def test_the_examples_hold_every_kind_of_entry_and_every_kind_of_event():
    entries = read_export(WHOLE).entries
    assert {entry.body["kind"] for entry in entries} == set(FORMS)
    written = json.dumps([entry.body["event"] for entry in entries if entry.body["kind"] == "charge"])
    assert set(re.findall(r'"kind": "([a-z-]+)"', written)) == {row[0].strip("`") for row in rows(6, 5)[1:]}


@pytest.mark.parametrize("at", range(8))
def test_an_example_with_one_changed_letter_does_not_verify(tmp_path, at):
    lines = SMALL.read_bytes().splitlines(keepends=True)
    lines[1 + at] = lines[1 + at].replace(b"kind", b"Kind", 1)
    (tmp_path / "export").write_bytes(b"".join(lines))
    with pytest.raises(IntegrityError):
        read_export(tmp_path / "export")
