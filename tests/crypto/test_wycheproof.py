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
    assert wycheproof.counts(FOLDER)["unknown"] == []


@pytest.mark.parametrize("name", wycheproof.CHECKS)
def test_a_function_that_takes_everything_or_nothing_would_be_found(name):
    for check in (lambda group, test: True, lambda group, test: False):
        kept, wycheproof.CHECKS[name] = wycheproof.CHECKS[name], check
        try:
            assert wycheproof.run(name, FOLDER).mismatches
        finally:
            wycheproof.CHECKS[name] = kept
