"""Whose a text file is, by its name or its folder. Knows no content."""

from pathlib import PurePosixPath


def patient_of_text(pattern: str, name: str) -> str:
    """Return whose note a text file is, by its name or its folder as the pattern says; empty if nobody's.

    >>> patient_of_text("notes/*/*.txt", "notes/P001/day1.txt"), patient_of_text("n/*.txt", "n/P001_a.txt")
    ('P001', 'P001')
    """
    path = PurePosixPath(name)
    return path.parent.name if "*" in PurePosixPath(pattern).parent.name else patient_in_name(path)


def patient_in_name(path: PurePosixPath) -> str:
    """Return the patient id that the name of a text file holds: up to the first underscore, else all of a numbered name.

    >>> [patient_in_name(PurePosixPath(name)) for name in ("n/P001_admission.txt", "n/P001.txt", "n/admission.txt")]
    ['P001', 'P001', '']
    """
    before, underscore, _ = path.stem.partition("_")
    return before if underscore or has_digit(before) else ""


def has_digit(name: str) -> bool:
    """Say whether a name holds a digit, as nearly every patient id does."""
    return any(character.isdigit() for character in name)
