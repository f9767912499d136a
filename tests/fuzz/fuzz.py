"""Fuzz one parser for a while, guided by coverage: `python tests/fuzz/fuzz.py TARGET SECONDS FOLDER`, or `--list`.

Exit code 0 and a line of JSON when nothing was found; libFuzzer's own code, the input left in FOLDER,
when the parser raised anything but a ConfideError, took over a second, or over 1 GB.
"""

import json
import signal
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["confide", "tomllib", "json"], enable_loader_override=False):
    sys.path.append(str(Path(__file__).parent))
    from targets import TARGETS, meet


def main() -> None:
    if sys.argv[1] == "--list":
        print(*TARGETS)
        return
    name, seconds, kept = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    corpus = kept / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(TARGETS[name].seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    limits = [f"-max_total_time={seconds}", "-timeout=1", "-rss_limit_mb=1024", "-max_len=65536"]
    atheris.Setup(
        [sys.argv[0], *limits, "-verbosity=0", f"-artifact_prefix={kept}/", str(corpus)],
        lambda data: meet(name, data),
    )
    print(json.dumps({"target": name, "seconds": seconds, "folder": str(kept)}), flush=True)
    signal.signal(
        signal.SIGALRM, signal.SIG_IGN
    )  # until libFuzzer's handler is there, its alarm would end us
    atheris.Fuzz()


if __name__ == "__main__":
    main()
