"""Papers written out by hand: their marks are read as they stand, and other values keep place, type and shape."""

import re
import sys
from pathlib import Path
from random import Random

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from training.corpus import WRITTEN, examples  # noqa: E402
from training.written import FOLDER, TYPES, again, papers, read  # noqa: E402

BOTH = pytest.mark.parametrize("language", ["zh", "en"])


def test_a_paper_is_read_with_its_marks_and_without_their_brackets():
    assert read("a ⟦name:Okafor⟧, ⟦id:12⟧\n====\nquiet 3/5\n") == [
        [("a ", None), ("Okafor", "name"), (", ", None), ("12", "other-id")],
        [("quiet 3/5", None)],
    ]


@pytest.mark.parametrize("wrong", ["a ⟦name:Okafor", "a Okafor⟧", "⟦person:Okafor⟧", "⟦name:a ⟦id:1⟧⟧"])
def test_a_mark_that_is_open_or_of_no_type_is_refused(wrong):
    with pytest.raises(ValueError, match="in the paper that begins"):
        read(wrong)


@BOTH
def test_other_values_stand_where_the_marked_ones_stood(language):
    changed = 0
    for number, paper in enumerate(papers(language)):
        other = again(paper, Random(number), language, "train")
        assert [kind for _, kind in other] == [kind for _, kind in paper]
        for (old, kind), (new, _) in zip(paper, other, strict=True):
            assert kind is None or (new.strip() and "⟦" not in new)
            if kind == "other-id":
                assert [c.isdigit() for c in re.sub("[A-Za-z ]", "", new)] == [
                    c.isdigit() for c in re.sub("[A-Za-z ]", "", old)
                ]
            if kind is None:
                assert re.sub("[0-9]", "", new) == re.sub("[0-9]", "", old)
        of = {}
        for old, new in zip(paper, other, strict=True):
            assert of.setdefault(old, new) == new or old[1] is None  # the same value, the same other one
        changed += other != paper
    assert changed > 0.5 * len(papers(language))


@BOTH
def test_papers_are_many_of_every_type_and_some_hold_nothing(language):
    found = papers(language)
    assert len(found) > 500
    assert {kind for paper in found for _, kind in paper} == {None, *TYPES.values()}
    assert sum(all(kind is None for _, kind in paper) for paper in found) > 20


@BOTH
def test_the_held_split_has_none_of_them(language):
    for split, share in (("train", WRITTEN), ("held", 0)):
        made = list(examples(300, seed=3, split=split, language=language))
        assert abs(sum(each.style == "written" for each in made) / 300 - share) < 0.1


def test_the_folder_holds_papers_and_nothing_else():
    assert {path.name[:3] for path in FOLDER.iterdir()} == {"zh_", "en_"}
