"""The pages on encrypted computation run as they stand: Python in both languages, commands once, the same in both."""

import re

import pytest

from test_docs import ROOT, blocks, walk

PAGES = ("encrypted.md", "encrypted.zh-CN.md")


def page(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_the_python_of_the_page_on_encrypted_computation_runs(name):
    found = [block.text for block in blocks(page(name)) if block.language == "python"]
    assert found
    exec(compile("\n".join(found), name, "exec"), {})


@pytest.mark.slow
def test_the_commands_of_the_page_on_encrypted_computation_run_from_an_empty_folder(tmp_path):
    done = walk(page(PAGES[0]), tmp_path)
    assert done.returncode == 0, f"{done.stderr}\n{done.stdout}"
    assert re.search(r"answers, which are identified, are in answers.csv; the ledger says so", done.stdout)
    assert re.search(r"^age, mean: 5\d\.\d+ ± 0\.\d+$", done.stdout, re.MULTILINE)
    assert (tmp_path / "answers.csv").stat().st_mode & 0o777 == 0o600


def test_both_pages_on_encrypted_computation_have_the_same_commands_and_files():
    def of(name):
        found = [block for block in blocks(page(name)) if block.language != "python"]
        plain = [
            re.sub(r" +#.*|^(purpose|requester) = .*", "", block.text, flags=re.MULTILINE) for block in found
        ]
        return [(block.language, block.file, text) for block, text in zip(found, plain, strict=True)]

    assert of(PAGES[0]) == of(PAGES[1])
