"""Chinese and English are equals: the same keys, the same fields, none missing, none unused."""

import ast
import re
import string
import tomllib
from pathlib import Path

import pytest

import confide
from confide.words import LANGUAGES, say, speaking

SOURCE = Path(confide.__file__).parent
WORDS = SOURCE / "words"
KEY = re.compile(r"[a-z][a-z0-9-]*(?:\.[A-Za-z0-9_-]+)+")


def flatten(table: dict, prefix: str) -> dict[str, str]:
    flat = {}
    for key, value in table.items():
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}.{key}")
        else:
            flat[f"{prefix}.{key}"] = value
    return flat


def sentences(language: str) -> dict[str, str]:
    flat = {}
    for path in sorted((WORDS / language).glob("*.toml")):
        flat |= flatten(tomllib.loads(path.read_text(encoding="utf-8")), path.stem)
    return flat


def fields(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def literals() -> tuple[set[str], set[str]]:
    """Return the texts that stand in the source, and the beginnings of texts that are put together."""
    whole, beginnings = set(), set()
    for path in SOURCE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        joined = [node for node in nodes if isinstance(node, ast.JoinedStr)]
        parts = {id(value) for node in joined for value in node.values}
        beginnings |= {
            str(node.values[0].value) for node in joined if isinstance(node.values[0], ast.Constant)
        }
        texts = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in parts]
        whole |= {node.value for node in texts if isinstance(node.value, str)}
    for path in [*SOURCE.rglob("*.html"), *SOURCE.rglob("*.jinja")]:
        text = path.read_text(encoding="utf-8")
        whole |= set(re.findall(r"say\(\s*['\"]([^'\"]+)['\"]\s*[,)]", text))
        beginnings |= set(re.findall(r"say\(\s*['\"]([^'\"]+\.)['\"]\s*~", text))
    return whole, {text for text in beginnings if text.count(".") >= 1}


def test_both_languages_have_the_same_keys():
    assert set(sentences("en")) == set(sentences("zh"))


def test_both_languages_name_the_same_fields():
    english, chinese = sentences("en"), sentences("zh")
    assert [key for key in english if fields(english[key]) != fields(chinese[key])] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_sentence_is_empty(language):
    assert [key for key, value in sentences(language).items() if not str(value).strip()] == []


def test_no_key_is_unused():
    whole, beginnings = literals()
    unused = []
    for key in sentences("en"):
        code = re.sub(r"\.(sentence|hint)$", "", key)
        if key not in whole and code not in whole and not any(key.startswith(start) for start in beginnings):
            unused.append(key)
    assert unused == []


def test_no_key_is_missing():
    whole, _ = literals()
    known = sentences("en")
    rooms = {key.split(".")[0] for key in known}
    missing = [
        text
        for text in whole
        if KEY.fullmatch(text)
        and text.split(".")[0] in rooms
        and text not in known
        and f"{text}.sentence" not in known
        and not text.endswith(
            (".toml", ".csv", ".json", ".jsonl", ".html", ".txt", ".sqlite", ".log", ".xlsx", ".sealed")
        )
    ]
    assert missing == []


def test_every_error_says_what_to_do():
    known = sentences("en")
    lonely = [
        key for key in known if key.endswith(".sentence") and key[: -len("sentence")] + "hint" not in known
    ]
    assert lonely == []


def test_a_sentence_is_said_in_the_language_in_force():
    with speaking("zh"):
        assert say("error.integrity.sentence", file="a.sealed").startswith("a.sealed 与")
    with speaking("en"):
        assert say("error.integrity.sentence", file="a.sealed") == "a.sealed is not what was written"
