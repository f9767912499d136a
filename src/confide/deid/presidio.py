"""Spans in the form that programs written for Microsoft Presidio take; Presidio itself is not needed.

Guarantee: every class has an entity type, those of Presidio where it has one of this meaning; no text is carried.
"""

from collections.abc import Iterable
from typing import Final

from confide.types import Json, Span

ENTITIES: Final = {
    "name": "PERSON", "staff": "PERSON", "kin": "PERSON", "phone": "PHONE_NUMBER", "email": "EMAIL_ADDRESS",
    "url": "URL", "ip": "IP_ADDRESS", "ssn": "US_SSN", "passport": "PASSPORT", "account-number": "CREDIT_CARD",
    "insurance-id": "HEALTH_INSURANCE_ID", "record-number": "MEDICAL_RECORD_NUMBER", "resident-id": "CN_RESIDENT_ID",
    "plate": "LICENSE_PLATE", "device-id": "DEVICE_ID", "social": "USERNAME", "address": "LOCATION",
    "place": "LOCATION", "organisation": "ORGANIZATION", "date": "DATE_TIME", "birth-date": "DATE_TIME",
    "age": "AGE", "ethnicity": "NRP", "occupation": "OCCUPATION", "permit": "CN_PERMIT", "other-id": "ID",
}  # fmt: skip


def recognizer_results(spans: Iterable[Span]) -> list[Json]:
    """Return what `RecognizerResult.from_json` of Presidio takes, one for each span.

    >>> result = recognizer_results([Span(0, 2, "name", 0.9, "context:患者")])[0]
    >>> result["entity_type"], result["start"], result["end"], result["analysis_explanation"]["pattern_name"]
    ('PERSON', 0, 2, 'context:患者')
    """
    return [
        {
            "entity_type": ENTITIES[span.type],
            "start": span.start,
            "end": span.end,
            "score": span.score,
            "analysis_explanation": {
                "recognizer": f"confide {span.found_by.partition(':')[0]}",
                "pattern_name": span.found_by,
                "original_score": span.score,
                "score": span.score,
                "textual_explanation": f"class {span.type}, found by {span.found_by}",
            },
            "recognition_metadata": {"recognizer_name": "confide", "recognizer_identifier": span.type},
        }
        for span in spans
    ]
