"""What a study file names: a release is put out under its name, and every path is relative to the study file."""

from contextlib import contextmanager
from pathlib import Path

import pytest
from small import STUDY, make_small

import confide.deid.policy
from confide.errors import InvalidInput
from confide.study.config import load_study
from confide.study.run import run_study


@contextmanager
def silent(_):
    yield lambda done, total: None


@pytest.mark.parametrize("name", ["../../elsewhere", "a/b", r"a\\b", ".hidden", "x" * 81, "a\\u0007b"])
def test_no_release_is_named_after_another_folder(tmp_path, name):
    text = STUDY.replace('name = "stay"', f'name = "{name}"')
    (tmp_path / "study.toml").write_text(text.format(language="en"), encoding="utf-8")
    with pytest.raises(InvalidInput, match="cannot be the name of a file"):
        load_study(tmp_path)


def test_a_policy_file_is_found_from_the_folder_of_the_study(tmp_path):
    text = STUDY.replace('policy = "gbt37964-research"', 'policy = "our-policy.toml"')
    small = make_small(tmp_path / "study", text=text)
    policies = Path(confide.deid.policy.__file__).parent / "policies"
    (small.folder / "our-policy.toml").write_bytes((policies / "pipl.toml").read_bytes())
    assert run_study(small.folder, step=silent).verdict == "pass"
