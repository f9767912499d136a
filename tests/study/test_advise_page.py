"""The pages on choosing show what the commands print, in both languages, for the same questions."""

import re
import shlex
from importlib.resources import files
from pathlib import Path

import pytest
from test_advise_dry_run import shown

from confide.ledger.home import home, open_ledger

DOCS = Path(__file__).parents[2] / "docs"
PAGES = {
    "en": ("choosing.md", "readmission", "inpatients"),
    "zh": ("choosing.zh-CN.md", "再入院", "住院患者"),
}
_BLOCK = re.compile(r"^```text\n\$ confide (.*)\n((?:.*\n)*?)```$", re.MULTILINE)


def blocks(language: str) -> list[tuple[str, str]]:
    return _BLOCK.findall((DOCS / PAGES[language][0]).read_text(encoding="utf-8"))


@pytest.mark.parametrize("language", list(PAGES))
def test_each_block_of_the_page_is_what_the_command_prints(tmp_path, monkeypatch, capsys, language):
    _, folder, account = PAGES[language]
    monkeypatch.setenv("CONFIDE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    study = files("confide.demo").joinpath(f"studies/{language}.toml").read_text(encoding="utf-8")
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "study.toml").write_text(study, encoding="utf-8")
    with open_ledger(home()) as ledger:
        ledger.open_account(account, epsilon=8.0, delta=1e-7, patients=20_000)
    assert len(blocks(language)) == 7
    for command, text in blocks(language):
        code, out = shown(capsys, *shlex.split(command), "--language", language)
        assert code == 0
        assert text.strip() in out, f"stale: confide {command}"


def test_both_pages_ask_the_same():
    english, chinese = (
        [re.sub(r'"[^"]*"|readmission|再入院', "…", c) for c, _ in blocks(lang)] for lang in PAGES
    )
    assert english == chinese
