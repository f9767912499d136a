"""De-identify a file of notes as `confide deid` does, by a stream: spans out, seconds on standard output.

A note is its own patient and nothing is known of it beforehand. Finding and replacing are both done and timed.
Usage: python ours.py NOTES.jsonl SPANS.jsonl [--language zh|en] [--rounds N]
"""

import argparse
import json
import resource
import time
from pathlib import Path

POLICIES = {"zh": "gbt37964-research", "en": "safe-harbor"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("notes", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--language", choices=POLICIES)
    parser.add_argument("--rounds", type=int, default=1)
    asked = parser.parse_args()

    began = time.perf_counter()
    from confide.deid.deidentify import Deidentifier  # the start is one of the figures

    doors = {language: Deidentifier(policy=name, key=bytes(32)) for language, name in POLICIES.items()}
    doors["en"].texts(["Seen by Dr. Hale on 3 May 2021, MRN 4471902."], {}, "p")
    start = time.perf_counter() - began
    doors["zh"].texts(["患者李强，2021年5月3日入院。"], {}, "p")
    from confide.deid.stream import Document, deidentify_stream

    cpu, characters = 0.0, 0
    began = time.perf_counter()
    for _ in range(asked.rounds):
        with asked.notes.open(encoding="utf-8") as lines:
            notes = [json.loads(line) for line in lines]
        with asked.out.open("w", encoding="utf-8") as out:
            for language in POLICIES if asked.language is None else (asked.language,):
                documents = [Document(n["id"], n["text"]) for n in notes if n["language"] == language]
                characters += sum(document.length for document in documents)
                before = time.process_time()
                cleaned = list(deidentify_stream(doors[language], documents))
                cpu += time.process_time() - before
                for clean in cleaned:
                    spans = [
                        {"start": s.start, "end": s.end, "type": s.type, "found_by": s.found_by}
                        for s in clean.spans
                    ]
                    out.write(json.dumps({"id": clean.id, "spans": spans}, ensure_ascii=False) + "\n")
    print(json.dumps({
        "cpu_seconds": round(cpu, 3), "wall_seconds": round(time.perf_counter() - began, 3), "characters": characters,
        "start_seconds": round(start, 3), "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
