"""The pages of --help: whole sentences, in one language."""

import os
import re
import subprocess
import sys

from confide.cli.main import COMMANDS

LEDGER = ("account", "show", "verify", "checkpoint")
PAGES = [[], *([name] for name in COMMANDS), *(["ledger", name] for name in LEDGER)]
ALL_PAGES = f"""
from confide.cli.main import run
for page in {PAGES}:
    try:
        run([*page, "--help"])
    except SystemExit as done:
        assert done.code == 0
"""


def help_in(language: str) -> str:
    """Return every page as a process of its own prints it: click's options take their words at import."""
    settings = {**os.environ, "CONFIDE_LANGUAGE": language}
    command = [sys.executable, "-c", ALL_PAGES]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=settings).stdout


def test_a_chinese_page_of_help_holds_no_english_placeholder():
    pages = help_in("zh")
    assert pages.count("用法：confide") == len(PAGES)
    assert (
        re.findall(r"\b(?:[A-Z]{4,}|required|Usage|Options|Commands|Show)\b", pages.replace("JSON", "")) == []
    )


def test_no_sentence_of_help_is_cut():
    pages = help_in("en")
    assert pages.count("Usage: confide") == len(PAGES)
    assert "..." not in pages
