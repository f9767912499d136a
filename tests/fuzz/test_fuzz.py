"""A minute of fuzzing for each parser that meets foreign bytes: no crash, no hang over 1 s, no memory over 1 GB.

`make fuzz SECONDS=3600` goes on for longer. Two run at a time, one on each core.
"""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from targets import TARGETS, Target, meet

DRIVER = Path(__file__).parent / "fuzz.py"
SECONDS = int(os.environ.get("CONFIDE_FUZZ_SECONDS", "60"))


@pytest.mark.parametrize("name", TARGETS)
def test_a_sound_input_is_read(name):
    for seed in TARGETS[name].seeds():
        TARGETS[name].parse(seed)


def test_an_error_that_is_not_ours_is_a_finding(monkeypatch):
    monkeypatch.setitem(TARGETS, "planted", Target(parse=lambda data: {}[data], seeds=list))
    with pytest.raises(KeyError):
        meet("planted", b"anything")


@pytest.mark.parametrize("text", ["a=" + "[" * 5000, "a=" + "{a=" * 3000, "[a" + ".a" * 20_000 + "]"])
def test_a_study_file_of_endless_brackets_is_refused(text):
    meet("study-file", text.encode())


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_minute_of_fuzzing_finds_nothing_in_any_parser(tmp_path):
    pytest.importorskip("atheris", reason="atheris has no wheel for this machine")

    def fuzz(name):
        seconds = max(1, round(SECONDS * TARGETS[name].part))
        command = [sys.executable, str(DRIVER), name, str(seconds), str(tmp_path / name)]
        for _ in range(4):  # on a busy machine libFuzzer's first alarm may ring before its handler is there
            run = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 240, check=False)
            if run.returncode != -signal.SIGALRM:
                break
        return run

    with ThreadPoolExecutor(2) as pool:
        for name, run in zip(TARGETS, pool.map(fuzz, TARGETS), strict=True):
            left = [path for path in (tmp_path / name).glob("*-*") if path.is_file()]
            assert run.returncode == 0, f"{name}: {left}\n{run.stderr[-3000:]}"
