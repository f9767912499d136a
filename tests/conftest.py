"""What all tests share: one language, and a home of their own, so that no test meets a real ledger."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile(
    "confide", deadline=None
)  # how long an example takes says nothing: machines are busy
settings.load_profile("confide")

# Tests run beside each other: threads of torch and BLAS, one a core in each, would wait for each other most of the time.
os.environ |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ["CONFIDE_LANGUAGE"] = "en"
os.environ.pop("CONFIDE_HOME", None)
os.environ.pop("CONFIDE_LEDGER", None)

sys.path += [str(Path(__file__).parent / room) for room in ("ledger", "study", "fuzz", "records", "console")]


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
