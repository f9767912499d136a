"""Write `docs/study-file.md` and `docs/study.schema.json` from the dataclasses that read `study.toml`.

Run it after a key, a measure, a class or a policy has changed: `python scripts/study_file.py`. A test says
when the two files are stale. Knows no section by name.
"""

import json
from dataclasses import MISSING, Field, fields
from pathlib import Path
from typing import Any, get_args, get_type_hints

from confide.deid.classes import CLASSES
from confide.deid.policy import POLICIES, load_policy
from confide.study.config import Study
from confide.study.schema import document
from confide.study.toml import type_in_words
from confide.words import say, speaking

DOCS = Path(__file__).parents[1] / "docs"
HEAD = """# The study file

Written by `scripts/study_file.py` from the code that reads `study.toml`; do not edit.

A study is one purpose, one folder, one `study.toml`. The file is read strictly: an unknown key, a wrong type, a
missing file or a budget that cannot be met is refused with its line and what to write instead. Paths are relative
to the folder. Every value is public: it may be printed, logged and signed, so no patient data belongs here.

`confide init FOLDER` writes a first one; two whole ones are [in English](../src/confide/demo/studies/en.toml) and
[in Chinese](../src/confide/demo/studies/zh.toml). For editors there is a [JSON schema](study.schema.json), which
`confide schema` prints.
"""


def page() -> str:
    """Return the text of `docs/study-file.md`."""
    hints = get_type_hints(Study)
    parts = [HEAD]
    for section in fields(Study):
        if section.metadata.get("inner"):
            continue
        hint = hints[section.name]
        kind = next((one for one in get_args(hint) if one not in (type(None), Ellipsis)), hint)
        several = str(hint).startswith("tuple")
        parts += [_section(section, each, several=several) for each in get_args(kind) or (kind,)]
    return "\n".join([*parts, _measures(), _policies()])


def _section(section: Field[Any], kind: type, *, several: bool) -> str:
    needed = section.default is MISSING and section.default_factory is MISSING
    head = f"[[{section.name}]]" if several else f"[{section.name}]"
    how_often = (
        ("one or more" if needed else "any number") if several else ("required" if needed else "optional")
    )
    about = (kind.__doc__ or "").splitlines()[0]
    hints = get_type_hints(kind)
    rows = [_row(field, hints[field.name]) for field in fields(kind)]  # type: ignore[arg-type]
    table = ["| key | what to write | if left out | meaning |", "| --- | --- | --- | --- |", *rows]
    if any(each.name == "task" and each.default is MISSING for each in fields(kind)):  # type: ignore[arg-type]
        head += f' task = "{get_args(hints["task"])[0]}"'
    return "\n".join([f"## `{head}`", "", f"{about} *{how_often.capitalize()}.*", "", *table, ""])


def _row(field: Field[Any], hint: Any) -> str:
    if field.default is MISSING and field.default_factory is MISSING:
        absent = "**required**"
    elif field.default in (None, "", MISSING):
        absent = "–"
    else:
        absent = f"`{json.dumps(field.default)}`"
    return f"| `{field.name}` | {type_in_words(hint)} | {absent} | {field.metadata.get('doc', '')} |"


def _measures() -> str:
    lines = [
        "## What `measures`, `features` and `target` may say", "",
        f"- measures: {say('stats.measure-unknown.hint')}. A column `age_band` of `by` that is not in the table groups by `age`.",
        f"- features: {say('train.feature-unknown.hint')}.",
        f"- target: {say('train.target-unknown.hint')}.",
        '- Text with a comma or a bracket stands in double quotes: `category(race, "Other, unknown", Asian)`.', "",
    ]  # fmt: skip
    return "\n".join(lines)


def _policies() -> str:
    policies = [load_policy(name) for name in POLICIES]
    lines = [
        "## Classes of `identifiers`, and what each policy does with them", "",
        "A policy is a data file in `src/confide/deid/policies/`; `policy` also takes the path of a file of your own.", "",
        "| class | " + " | ".join(POLICIES) + " |", "| --- |" + " --- |" * len(POLICIES),
        *(f"| `{kind}` | " + " | ".join(policy.actions[kind] for policy in policies) + " |" for kind in CLASSES),
        "| *status* | " + " | ".join(policy.status for policy in policies) + " |", "",
    ]  # fmt: skip
    return "\n".join(lines)


def schema() -> str:
    """Return the text of `docs/study.schema.json`, which is what `confide schema` prints."""
    return json.dumps(document(Study), ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write both files."""
    with speaking("en"):
        (DOCS / "study-file.md").write_text(page(), encoding="utf-8")
    (DOCS / "study.schema.json").write_text(schema(), encoding="utf-8")


if __name__ == "__main__":
    main()
