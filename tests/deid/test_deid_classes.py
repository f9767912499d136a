"""The classes are one list: what the rooms below repeat of it names nothing else."""

import tomllib
from importlib.resources import files

from confide.audit.bytesearch import SHARED, SOLE
from confide.deid.classes import CLASSES, SOLE_CLASSES
from confide.vault.columns import SINGLE


def test_lists_of_lower_rooms_name_only_classes_that_exist():
    headers = tomllib.loads(files("confide.records").joinpath("headers.toml").read_text(encoding="utf-8"))
    named = {row["class"] for key in ("identifiers", "shapes") for row in headers[key]}
    assert named <= set(CLASSES)
    assert {*SINGLE} <= {*SOLE_CLASSES}


def test_every_number_of_one_person_is_searched_for_in_what_leaves():
    assert set(SOLE_CLASSES) == SOLE
    assert not SOLE & SHARED
