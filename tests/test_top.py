"""The top package offers the few names of the first-steps guide, and costs nothing until one is used."""

import subprocess
import sys

import pytest

import confide


def test_every_name_that_is_offered_is_the_one_of_its_own_module():
    for name in confide.__all__:
        assert getattr(confide, name).__module__ == confide._DEFINED_IN[name]
    assert set(confide.__all__) == set(confide._DEFINED_IN) <= set(dir(confide))


def test_a_name_that_is_not_offered_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'diffusion'"):
        confide.diffusion  # noqa: B018


def test_importing_confide_loads_no_numpy_and_no_polars():
    look = "import sys, confide; print(sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True).stdout
    for heavy in ("numpy", "polars", "pyarrow", "cryptography", "sqlite3", "click"):
        assert f"'{heavy}'" not in loaded


def test_the_look_sees_a_name_that_was_used():
    look = "import sys, confide; confide.StatsPlan; print('polars' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True).stdout == "True\n"
