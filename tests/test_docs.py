"""What the documents say is run and checked: walks, Python, links, targets of make, names of tests.

A fenced block ```sh is run; ```toml FILE and ```csv FILE are written where they stand; ```python in a README is
run in a folder of its own. Other blocks are for reading. A planted wrong command shows that a walk can fail.
"""

import ast
import importlib.util
import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from email import message_from_string
from importlib.metadata import distribution
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

import confide
from confide.dp.events import DiscreteLaplace
from confide.dp.filter import Rule, Spent, cost_of
from confide.words import speaking
from test_layers import FLOOR

ROOT = Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
_FENCE = re.compile(r"^```(\w*)(?: +(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_ONLY_IN_CODE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, the file it names, its text and its line."""

    language: str
    file: str | None
    text: str
    line: int


def blocks(text: str) -> list[Block]:
    return [
        Block(found[1], found[2], found[3], text.count("\n", 0, found.start()) + 1)
        for found in _FENCE.finditer(text)
    ]


def walk(text: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run all ```sh blocks of a page in one shell, writing the named files where they stand."""
    script = ["set -euo pipefail", "trap 'echo \"the block at line $BLOCK failed\" >&2' ERR"]
    for number, block in enumerate(blocks(text)):
        if block.language == "sh":
            refusals = re.sub(r"^! (.*)$", r"if \1; then false; fi", block.text, flags=re.MULTILINE)
            script += [f"BLOCK={block.line}", refusals]  # a plain "! …" never ends a shell, whatever it finds
        elif block.file is not None:
            kept = folder / ".files" / str(number)
            kept.parent.mkdir(exist_ok=True)
            kept.write_text(block.text, encoding="utf-8")
            script.append(f"cp '{kept}' '{block.file}'")
    return subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=_clean(),
        capture_output=True,
        text=True,
        timeout=240,
    )


def _clean() -> dict[str, str]:
    """Return an environment with this Python's `confide` first and nothing of a ledger or a language."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("CONFIDE", "LC_", "LANG"))}
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    ours = str(Path(confide.__file__).parents[1])
    return kept | {"PATH": path, "PYTHONPATH": ours, "LANG": "C.UTF-8", "PYTHONUTF8": "1"}


@pytest.mark.parametrize("page", ["first-steps.md", "first-steps.zh-CN.md"])
def test_the_commands_of_the_first_steps_run_from_an_empty_folder(page, tmp_path):
    done = walk((ROOT / "docs" / page).read_text(encoding="utf-8"), tmp_path)
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
    assert len(list(tmp_path.glob("*/dossier/outside.html"))) == 1


@pytest.mark.parametrize(
    "page",
    [
        "backup.md",
        "deid-files.md",
        "deid-files.zh-CN.md",
        "erasure.md",
        "federation.md",
        "handover.md",
        "keys.md",
        "pseudonyms.md",
        "reports.md",
        "review.md",
        "review.zh-CN.md",
        "roles.md",
        "tasks.md",
    ],
)
def test_the_commands_of_a_page_run_from_an_empty_folder(page, tmp_path):
    done = walk((ROOT / "docs" / page).read_text(encoding="utf-8"), tmp_path)
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"


@pytest.mark.parametrize("page", ["deid-files.md", "deid-files.zh-CN.md"])
def test_the_dry_run_that_a_page_shows_is_what_its_command_prints(page, tmp_path):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    shown = next(block for block in blocks(text) if block.language == "text")
    done = walk("\n".join(text.splitlines()[: shown.line - 1]) + "\n", tmp_path)
    for line in shown.text.splitlines():  # "…" stands for what a change of the rules may change
        assert re.search(f"^{re.escape(line).replace('…', '.*')}$", done.stdout, re.MULTILINE), line


def test_both_languages_walk_the_same_way():
    english, chinese = (
        [
            (each.language, each.file is None)
            for each in blocks((ROOT / "docs" / page).read_text(encoding="utf-8"))
        ]
        for page in ("first-steps.md", "first-steps.zh-CN.md")
    )
    assert [each for each in chinese if each[0] != "sh"] == [each for each in english if each[0] != "sh"]


@pytest.mark.parametrize("planted", ["confide chekc first", "confide init nowhere", "false | true", "! true"])
def test_a_planted_wrong_command_is_found_with_its_line(planted, tmp_path):
    done = walk(f"# A page\n\n```sh\nmkdir first\n```\n\n```sh\n{planted}\necho went on\n```\n", tmp_path)
    assert done.returncode != 0
    assert "the block at line 7 failed" in done.stderr
    assert "went on" not in done.stdout


@pytest.mark.parametrize("page", ["README.md", "README.zh-CN.md"])
def test_the_python_of_the_readme_runs(page, tmp_path):
    found = [
        block for block in blocks((ROOT / page).read_text(encoding="utf-8")) if block.language == "python"
    ]
    assert found
    for block in found:
        done = subprocess.run(
            [sys.executable, "-c", block.text], cwd=tmp_path, env=_clean() | {"XDG_DATA_HOME": str(tmp_path)},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, f"{page}:{block.line}\n{done.stderr}"


@pytest.mark.parametrize("page", ["de-identification.md", "de-identification.zh-CN.md"])
def test_the_python_of_the_page_on_de_identification_runs_from_top_to_bottom(page, tmp_path):
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found = "\n".join(block.text for block in blocks(text) if block.language == "python")
    done = subprocess.run(
        [sys.executable, "-c", found], cwd=tmp_path, env=_clean(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr


def python_of(page: str) -> str:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return "\n".join(block.text for block in blocks(text) if block.language == "python")


def test_the_python_of_the_page_on_training_runs_from_top_to_bottom(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", python_of("training.md")], cwd=tmp_path,
        env=_clean() | {"XDG_DATA_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1] == "True"  # the classifier has learnt
    assert "differentially private" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")


def test_both_pages_on_training_show_the_same_python():
    english, chinese = (
        re.sub(r'purpose="[^"]*"', "", ast.unparse(ast.parse(python_of(page))).replace("'", '"'))
        for page in ("training.md", "training.zh-CN.md")
    )
    assert english == chinese


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_points_to_something_that_is_there(page):
    assert broken_links(page.read_text(encoding="utf-8"), page.parent) == []


def broken_links(text: str, folder: Path) -> list[str]:
    links = _LINK.findall(_ONLY_IN_CODE.sub("", text))
    inner = [link.partition("#")[0] for link in links if not re.match(r"[a-z]+:", link)]
    return [link for link in inner if link and not (folder / link).exists()]


def test_a_planted_broken_link_is_found():
    assert broken_links("[a](README.md) [b](nowhere.md#x) [c](https://example.org)", ROOT) == ["nowhere.md"]


def test_every_target_of_make_that_a_page_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    for page in PAGES:
        named = set(re.findall(r"(?:`|^)make ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
        assert named <= targets, f"{page.name}: {named - targets}"


def test_every_option_and_command_that_a_page_names_exists():
    from confide.cli.main import COMMANDS

    for page in PAGES:
        named = set(re.findall(r"`confide ([a-z-]+)", page.read_text(encoding="utf-8")))
        assert named <= set(COMMANDS), f"{page.name}: {named - set(COMMANDS)}"


def test_every_test_that_a_page_names_exists():
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "tests").rglob("test_*.py"))
    )
    existing = set(re.findall(r"^def (test_\w+)\(", tests, re.MULTILINE))
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        named = re.findall(r"\b(test_[a-z0-9]+(?:_[a-z0-9]+){2,})(?!\.py|\w)(…?)", text)
        lost = [
            name
            for name, cut in named
            if not any(each == name or (cut and each.startswith(name)) for each in existing)
        ]
        assert lost == [], page.name


def test_each_promise_of_the_threat_model_names_a_test():
    text = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    promises = re.findall(r"^\*\*(\d+)\. .*?(?=^\*\*\d|\Z)", text, re.MULTILINE | re.DOTALL)
    assert [int(number) for number in promises] == list(range(1, 13))
    for block in re.split(r"^(?=\*\*\d+\. )", text, flags=re.MULTILINE)[1:]:
        assert "`test_" in block, block.splitlines()[0]


def script(name: str) -> ModuleType:
    """Load one of the scripts, which are no part of the package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "scripts" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_of_the_study_file_is_what_the_code_reads():
    with speaking("en"):
        assert (ROOT / "docs/study-file.md").read_text(encoding="utf-8") == script("study_file").page(), (
            "stale: run python scripts/study_file.py"
        )


def test_the_committed_schema_is_what_confide_schema_prints():
    done = subprocess.run(["confide", "schema"], env=_clean(), capture_output=True, text=True, check=True)
    assert (ROOT / "docs/study.schema.json").read_text(encoding="utf-8") == done.stdout


def test_the_demo_studies_and_those_of_the_first_steps_fit_the_schema():
    schema = json.loads((ROOT / "docs/study.schema.json").read_text(encoding="utf-8"))
    texts = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "src/confide/demo/studies").glob("*.toml")
        if not path.name.startswith("federation-")
    ]
    for page in ("first-steps.md", "first-steps.zh-CN.md"):
        found = blocks((ROOT / "docs" / page).read_text(encoding="utf-8"))
        texts += [block.text for block in found if block.language == "toml"]
    assert len(texts) == 6
    for text in texts:
        jsonschema.validate(tomllib.loads(text), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(tomllib.loads(texts[0]) | {"gate": {}}, schema)


def test_the_page_of_exit_codes_is_what_the_code_says():
    page = (ROOT / "docs/exit-codes.md").read_text(encoding="utf-8")
    assert page == script("exit_codes").page(), "stale: run python scripts/exit_codes.py"


def test_the_bill_of_materials_is_valid_and_the_same_for_the_same_parts():
    bundle = script("bundle")
    names = re.findall(r"^([\w-]+)==", (ROOT / "requirements/base.txt").read_text(), re.MULTILINE)
    parts = [
        (message_from_string(distribution(name).read_text("METADATA")), "0" * 64)
        for name in [*names, "confide"]
    ]
    bom = bundle.bill_of_materials(parts)
    assert (bom["bomFormat"], bom["specVersion"]) == ("CycloneDX", "1.5")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", bom["serialNumber"])
    assert bom["metadata"]["component"]["name"] == "confide"
    assert len({each["bom-ref"] for each in bom["components"]}) == len(bom["components"]) == len(names)
    for each in [*bom["components"], bom["metadata"]["component"]]:
        assert each["type"] == "library"
        assert each["purl"] == f"pkg:pypi/{each['name'].lower().replace('_', '-')}@{each['version']}"
        assert each["licenses"], each["name"]
        assert each["hashes"] == [{"alg": "SHA-256", "content": "0" * 64}]
    assert bundle.bill_of_materials(reversed(parts)) == bom


def test_the_table_of_the_admission_rule_is_what_is_measured():
    text = (ROOT / "docs/decisions/0001-admission-rule.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d), δ = (\S+) \| (\S+) \| (\d+) \| (\d+) \|$", text, re.MULTILINE)
    assert len(rows) == 5
    for epsilon, delta, each, admitted, basic in rows:
        rule, spent, count = Rule.for_budget(float(epsilon), float(delta)), Spent(), 0
        cost = cost_of(DiscreteLaplace(sensitivity=1, scale=1 / float(each)), 0.0, rule)
        while rule.admits(spent.plus(cost)):
            spent, count = spent.plus(cost), count + 1
        assert (count, round(float(epsilon) / float(each))) == (int(admitted), int(basic))


def test_no_page_names_a_path_of_a_machine():
    for page in PAGES:
        assert not re.search(r"(?<![\w.])/(home|root|work|Users|opt)/", page.read_text(encoding="utf-8")), (
            page.name
        )


def test_the_table_of_floors_is_that_of_the_layer_test():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| ([^|]+) \|", text, re.MULTILINE)
    assert {room: int(floor) for floor, rooms in rows for room in re.findall(r"`(\w+)`", rooms)} == FLOOR
