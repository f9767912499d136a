"""The public benchmark: gold lies on what it says, the scorer counts right, nothing is shared with training."""

import ast
import random
import re
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "benchmarks" / "clinical_phi"
sys.path.append(str(FOLDER))

import carriers_en_academic  # noqa: E402
import carriers_en_community  # noqa: E402
import carriers_en_group  # noqa: E402
import carriers_en_held  # noqa: E402
import carriers_en_letters  # noqa: E402
import carriers_zh_county  # noqa: E402
import carriers_zh_group  # noqa: E402
import carriers_zh_held  # noqa: E402
import carriers_zh_letters  # noqa: E402
import carriers_zh_tertiary  # noqa: E402
import words_en  # noqa: E402
import words_zh  # noqa: E402
from case_en import case_en  # noqa: E402
from case_zh import case_zh  # noqa: E402
from compose import Piece, join, wrapped  # noqa: E402
from presidio_synth import is_identifier  # noqa: E402
from score import score  # noqa: E402
from write import notes  # noqa: E402

STYLES = {
    "tertiary": carriers_zh_tertiary, "county": carriers_zh_county,
    "zh-letters": carriers_zh_letters, "zh-group": carriers_zh_group,
    "zh-held": carriers_zh_held,
    "academic": carriers_en_academic, "community": carriers_en_community,
    "en-letters": carriers_en_letters, "en-group": carriers_en_group,
    "en-held": carriers_en_held,
}  # fmt: skip


@pytest.fixture(scope="module")
def made():
    return list(notes(per_style=40))


def test_the_benchmark_has_eighteen_hundred_notes_and_one_held_style_of_five_per_language():
    from write import PER_STYLE
    from write import STYLES as WRITTEN

    per_language = {
        language: sum(PER_STYLE for code, _ in WRITTEN if code == language) for language in ("zh", "en")
    }
    assert all(count >= 900 for count in per_language.values())
    assert [style for _, style in WRITTEN].count("held") == 2
    assert all(sum(code == language for code, _ in WRITTEN) == 5 for language in ("zh", "en"))


def test_the_same_seed_gives_the_same_notes_and_another_seed_others():
    assert list(notes(per_style=3)) == list(notes(per_style=3))
    assert [n["text"] for n in notes(per_style=3)] != [n["text"] for n in notes(seed=1, per_style=3)]


def test_no_slot_or_mark_is_left_in_a_note(made):
    assert not [n["id"] for n in made if re.search(r"[{}]|\[[a-z?]:", n["text"])]


def test_gold_hard_and_either_spans_do_not_overlap_and_hold_something(made):
    for note in made:
        seen: set[int] = set()
        for span in (*note["spans"], *note["hard"]):
            here = set(range(span["start"], span["end"]))
            assert here
            assert not here & seen
            assert note["text"][span["start"] : span["end"]].strip()
            seen |= here


def test_gold_lies_on_what_it_says(made):
    shapes = {
        "email": r".+@.+\..+", "ip": r"[\d.]+", "resident-id": r"\d{15}|\d{17}[\dX]", "ssn": r"\d{3}-\d\d-\d{4}|\d{4}",
        "phone": r"(?:[\d()+ .-]|ext|转)+", "plate": r"[\w ·-]{6,17}", "age": r"\d{2,3}", "date": r".*[\d〇一二三四五六七八九十].*",
    }  # fmt: skip
    plain = [n for n in made if n["noise"] == "plain"]
    spans = [(s["type"], n["text"][s["start"] : s["end"]]) for n in plain for s in n["spans"]]
    assert {kind for kind, _ in spans} >= set(shapes)
    assert not [
        (kind, value) for kind, value in spans if kind in shapes and not re.fullmatch(shapes[kind], value)
    ]
    assert all(int(value) >= 90 for kind, value in spans if kind == "age")


def test_every_noise_occurs_and_a_split_name_is_one_span(made):
    assert {n["noise"] for n in made} >= {
        "plain",
        "full-width",
        "traditional",
        "spaced",
        "wrapped",
        "typos",
        "upper",
        "lower",
        "split",
    }
    values = [
        n["text"][s["start"] : s["end"]]
        for n in made
        if n["noise"] == "spaced"
        for s in n["spans"]
        if s["type"] == "name"
    ]
    assert any(re.search(r"\s", value) for value in values)


@pytest.mark.parametrize("style", STYLES)
def test_no_pool_of_a_style_hides_a_slot_and_every_name_used_exists(style):

    case = (case_zh if "zh" in STYLES[style].__name__ else case_en)(
        random.Random(0), style.split("-")[-1], STYLES[style].POOLS
    )
    assert not set(case.pools) & set(case.slots)
    used = set(re.findall(r"\{(\w+)", str(STYLES[style].POOLS)))
    assert used <= set(case.pools) | set(case.slots) | {"n"}
    sections = {section.split("*")[0] for document in STYLES[style].DOCUMENTS for section in document}
    assert sections <= set(case.pools)


def test_a_paper_of_women_alone_is_about_a_woman():
    for seed in range(20):
        chinese = case_zh(random.Random(seed), "held", carriers_zh_held.POOLS, woman=True)
        english = case_en(random.Random(seed), "held", carriers_en_held.POOLS, woman=True)
        assert "".join(p.text for p in (*chinese.write("{sex}"), *english.write("{sex}"))) == "女female"


def test_a_line_break_inside_a_value_stays_inside_its_span():
    pieces = wrapped([Piece("患者"), Piece("张三丰", "gold", "name"), Piece("来诊")], 3, words=False)
    note = join(pieces)
    [span] = note["spans"]
    assert note["text"][span["start"] : span["end"]] == "张\n三丰"


def scored(text, gold, found, *, held=False, **more):
    note = {"id": "1", "language": "en", "style": "any", "held": held, "text": text}
    return score([note], [{"id": "1", "spans": gold, "either": [], "hard": [], **more}], {"1": found})[
        "en.any"
    ]


def span(start, end, **more):
    return {"start": start, "end": end, **more}


def test_half_a_name_overlaps_but_does_not_cover():
    figures = scored("Ann Lee left", [span(0, 7, type="name")], [span(0, 3, type="name")])
    assert (figures["cover"], figures["overlap"], figures["names"], figures["precision"]) == (0, 1, 0, 1)


def test_blanks_and_points_count_on_neither_side():
    figures = scored(
        "Ann Lee. left", [span(0, 7, type="name")], [span(0, 3, type="kin"), span(4, 9, type="kin")]
    )
    assert (figures["cover"], figures["typed"], figures["precision"]) == (1, 1, 1)


def test_another_family_covers_but_is_not_typed():
    figures = scored("Ann Lee left", [span(0, 7, type="name")], [span(0, 7, type="phone")])
    assert (figures["cover"], figures["typed"]) == (1, 0)


def test_precision_counts_wrong_characters_and_forgives_either_way_ones():
    either = [span(0, 2)]
    figures = scored("Dr Lee left", [span(3, 6, type="staff")], [span(0, 11, type="staff")], either=either)
    assert figures["precision"] == round(3 / 7, 4)


def test_a_hard_negative_is_touched_by_one_letter():
    hard = [span(0, 9, kind="eponym"), span(10, 14, kind="word")]
    figures = scored("Parkinson left", [], [span(8, 9, type="name")], hard=hard)
    assert figures["hard_negatives"] == 0.5
    assert figures["hard_by_kind"] == {"eponym": 1, "word": 0}


def test_of_a_held_style_nothing_is_told_by_class():
    gold, found = [span(0, 7, type="name")], [span(0, 7, type="name")]
    assert scored("Ann Lee left", gold, found)["by_class"] == {"name": 1}
    assert {"by_class", "hard_by_kind"}.isdisjoint(scored("Ann Lee left", gold, found, held=True))


def test_a_note_without_a_line_counts_as_nothing_found():
    note = {"id": "1", "language": "en", "style": "held", "held": True, "text": "Ann"}
    gold = {"id": "1", "spans": [span(0, 3, type="name")], "either": [], "hard": []}
    assert score([note], [gold], {})["en"]["cover"] == 0


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [("PERSON", "Rubija", True), ("GPE", "Norway", False), ("GPE", "Recife", True), ("AGE", "89", False),
     ("DATE_TIME", "1977", False), ("DATE_TIME", "2/8/1935", True), ("TITLE", "Mr.", False), ("NRP", "Polish", False)],
)  # fmt: skip
def test_what_presidio_s_set_calls_an_entity_is_an_identifier_or_either_way(kind, value, wanted):
    assert is_identifier(kind, value) is wanted


def grams(texts):
    """Return the runs of eight Han characters and of eight Latin words; slots and marks break a run."""
    found = set()
    for text in texts:
        for piece in re.split(r"\{[^}]*\}|<[^>]*>", text):
            for run in re.findall(r"[\u4e00-\u9fff]+", re.sub(r"[^\w]|[a-zA-Z\d]", "", piece)):
                found.update(run[i : i + 8] for i in range(len(run) - 7))
            words = re.findall(r"[a-z']+", piece.lower())
            found.update(" ".join(words[i : i + 8]) for i in range(len(words) - 7))
    return {run for run in found if not re.fullmatch("[〇一二三四五六七八九十]+", run)}


def constants(folder):
    """Return the string constants of the Python files and the lines of the text files in a folder."""
    for path in folder.rglob("*"):
        if path.suffix == ".py":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            strings = [n for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)]
            yield from (node.value for node in strings)
        elif path.suffix in (".txt", ".toml", ".tsv", ".csv", ".json", ".jsonl"):
            yield from path.read_text(encoding="utf-8").splitlines()


def test_a_shared_sentence_would_be_seen():
    ours = grams(["现病史：患者于{date}无明显诱因出现胸闷气促"])
    assert ours & grams(["入院前无明显诱因出现胸闷"])
    assert grams(["The patient was seen and then sent back home today"]) & grams(
        ["he was seen and then sent back home today {x}"]
    )
    assert not ours & grams(["患者无明显诱因{x}出现胸闷"])


def frames(module):
    return [frame for pool in module.POOLS.values() for frame in pool]


@pytest.mark.parametrize(
    ("words", "held", "others"),
    [(words_zh, carriers_zh_held, (carriers_zh_tertiary, carriers_zh_county, carriers_zh_letters, carriers_zh_group)),
     (words_en, carriers_en_held, (carriers_en_academic, carriers_en_community, carriers_en_letters, carriers_en_group))],
)  # fmt: skip
def test_a_held_style_shares_no_run_of_eight_and_no_given_name_or_place_with_the_styles_for_tuning(
    words, held, others
):
    assert not grams(frames(held)) & grams(frame for other in others for frame in frames(other))
    for table in (words.HOSPITALS, words.FIRMS, words.PLACES):
        assert not set(table["held"]) & {
            entry for style in table if style != "held" for entry in table[style]
        }
    given = {
        style: {
            name for names in both.values() for name in (names.split() if isinstance(names, str) else names)
        }
        for style, both in words.GIVEN.items()
    }
    assert not given["held"] & {name for style in given if style != "held" for name in given[style]}


def test_the_benchmark_shares_no_run_of_eight_and_no_list_with_training():
    training = ROOT / "training"
    if not training.is_dir():
        pytest.skip("training/ is not in this tree")
    theirs = list(constants(training))
    shared = grams(constants(FOLDER)) & grams(theirs)
    assert not shared
    hospitals = {
        name
        for lists in (words_zh.HOSPITALS, words_en.HOSPITALS)
        for names in lists.values()
        for name in names
    }
    assert not hospitals & set(theirs)
    runs = {
        " ".join(words[i : i + 8])
        for lists in (words_en.SURNAMES,)
        for words in lists.values()
        for i in range(len(words) - 7)
    }
    joined = " ".join(" ".join(re.findall(r"[\w'.-]+", text)) for text in theirs)
    assert not [run for run in runs if run in joined]
