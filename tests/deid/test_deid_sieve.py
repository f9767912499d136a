"""The sieve: three engines, one answer; rows and words lose nothing by it; threads and forks share it safely."""

import gzip
import json
import multiprocessing
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confide.deid import sieve
from confide.deid.context_en import find_context_en
from confide.deid.context_zh import find_context_zh
from confide.deid.fold import fold
from confide.deid.patterns import _compiled, _sieve, find_patterns
from confide.deid.sieve import ENGINES, Anchors, choose_engine
from real_data import SHARED

ROWS = _sieve()
PIECES = [
    "姓名：", "张伟", "患者", "住院号", "医师签名：", "欧阳明", "主任", "医院", "北京", "市", "中州路8号", "民族：汉族", "·", "床", "12", "13800138000", " ", "\n",
    "\t", "|", ":", "Dr. ", "Smith", "MRN", "#", "0012345", "Name", "John ", "Springfield, IL 62704", "12 Oak Street", "@", "a.b@c.org", "://", "10.1.2.3",
    "wife ", "M.D.", "General Hospital", "2023-05-01", "11010519491231002X", "١٢", "\ud800", "\x00", "\U0001f600", "\u202e", "é", "Ａ", "張", "😀",
]  # fmt: skip
texts = st.one_of(
    st.text(max_size=80),
    st.lists(st.sampled_from(PIECES), max_size=14).map("".join),
    st.lists(st.one_of(st.sampled_from(PIECES), st.characters()), max_size=20).map("".join),
)


@pytest.fixture(autouse=True)
def own_engine():
    yield
    choose_engine(None)


def by_every_engine(find):
    """Run a search once with each engine."""
    out = []
    for name in ENGINES:
        choose_engine(name)
        out.append(find())
    return out


def everything(text):
    plain = fold(text).text
    return find_patterns(plain), find_context_zh(plain), find_context_en(plain)


@given(text=texts)
def test_the_three_engines_find_the_same_in_any_text(text):
    first, *others = by_every_engine(lambda: everything(text))
    assert all(other == first for other in others)


@given(text=texts)
def test_a_row_that_matches_is_never_sieved_out(text):
    plain = fold(text).text
    matching = {i for i, (_, bordered) in enumerate(_compiled()) if bordered.search(plain)}
    for found in by_every_engine(lambda: ROWS.which(plain)):
        assert matching <= found


@given(
    words=st.lists(st.text("ab姓名😀 .", min_size=1, max_size=3), min_size=1, max_size=6, unique=True),
    text=st.text("ab姓名😀 .\ud800", max_size=30),
)
def test_every_place_of_every_word_is_found_overlapping_ones_included(words, text):
    anchors = Anchors({word: [word] for word in words})
    naive = {
        word: [(i, i + len(word)) for i in range(len(text)) if text.startswith(word, i)] for word in words
    }
    for found in by_every_engine(lambda: anchors.find(text)):
        assert found == {word: places for word, places in naive.items() if places}


def notes():
    """Some hundred real notes, where the shared data are at hand."""
    path = SHARED / "data" / "cEHRNER" / "dev.jsonl.gz"
    if not path.exists():
        pytest.skip("the shared notes are not on this machine")
    for line in gzip.decompress(path.read_bytes()).decode().splitlines():
        note = json.loads(line)
        yield note.get("text") or note.get("originalText") or "".join(note.get("tokens", []))


def test_the_three_engines_find_the_same_in_real_notes():
    several = [*notes()]
    first, *others = by_every_engine(lambda: [everything(text) for text in several])
    assert len(several) > 40
    assert all(other == first for other in others)


@pytest.mark.parametrize("name", ENGINES)
def test_threads_may_search_at_once(name):
    choose_engine(name)
    text = "".join(PIECES[:40]) * 20
    wanted = everything(text)
    with ThreadPoolExecutor(8) as pool:
        assert all(found == wanted for found in pool.map(everything, [text] * 40))


def _in_child(text, queue):
    queue.put(len(find_patterns(text)))


def test_a_forked_process_searches_as_its_parent_does():
    text = "电话13800138000 " * 3
    here = len(find_patterns(text))
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(text, queue))
    child.start()
    assert queue.get(timeout=30) == here > 0
    child.join(30)
    assert child.exitcode == 0


def test_the_engine_can_be_chosen_from_outside(monkeypatch):
    monkeypatch.setenv("CONFIDE_SIEVE", "re")
    choose_engine(None)
    assert sieve.engine() == "re"
    with pytest.raises(ValueError, match="hyperscan"):
        choose_engine("grep")


def test_no_word_holds_nul_or_is_empty():
    from confide.deid import context_en, context_zh

    for anchors in (context_zh._anchors(), context_en._anchors()):
        assert [word for word in anchors._words if not word or "\x00" in word] == []
