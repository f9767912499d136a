"""All vectors of Wycheproof that our functions meet: no mismatch, and none left out without a reason."""

import sys
from pathlib import Path

import pytest

from real_data import SHARED

sys.path.append(str(Path(__file__).parents[2] / "benchmarks"))
import wycheproof

FOLDER = SHARED / "vectors" / "wycheproof"

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="../shared/vectors is not beside the project")


@pytest.mark.parametrize("name", wycheproof.CHECKS)
def test_no_vector_disagrees(name):
    tally = wycheproof.run(name, FOLDER)
    assert tally.mismatches == []
    assert tally.tested > 0


def test_every_file_of_vectors_is_met_or_said_not_to_be_ours():
    assert wycheproof.unknown(FOLDER) == []


def test_what_is_open_and_what_is_left_out_is_counted_with_its_reason():
    tally = wycheproof.run("x25519", FOLDER)
    assert tally.acceptable.total() == 254
    assert all("ZeroSharedSecret" in what for what in tally.acceptable if what.startswith("refused"))
    assert wycheproof.run("aes_gcm", FOLDER).skipped.total() == 250


@pytest.mark.parametrize("name", wycheproof.CHECKS)
def test_a_function_that_gives_wrong_bytes_or_takes_everything_would_be_found(name, monkeypatch):
    monkeypatch.setitem(wycheproof.CHECKS, name, lambda group, test: False)
    assert wycheproof.run(name, FOLDER).mismatches
    monkeypatch.setitem(wycheproof.CHECKS, name, lambda group, test: True)
    assert wycheproof.run(name, FOLDER).mismatches or name == "x25519"  # where no vector is invalid
