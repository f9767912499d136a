"""A stream of documents comes out in its order, the same however it was worked on, and in bounded memory."""

import gc
import subprocess
import sys
import textwrap
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from confide.deid.deidentify import Deidentifier
from confide.deid.stream import Document, deidentify_stream
from confide.errors import GateRefused, InvalidInput

KEY = b"k" * 32
TEXTS = (
    "患者张建国，男，3月5日复诊。", "建国今日好转。", "Patient John Carver was admitted on 2024-03-05.",
    "Mr. Carver is well, Tel 021-5566-7788.", "no finding", "", "住院号10086，电话13912345678。", "王小丽",
)  # fmt: skip
any_document = st.builds(
    lambda text, patient, ward: (text, patient, {} if ward is None else {"ward": ward}),
    st.sampled_from(TEXTS),
    st.sampled_from([None, "P1", "P2", "P3"]),
    st.sampled_from([None, "三病区", "张建国"]),
)


def deidentifier(**given):
    return Deidentifier(policy="gbt37964-research", key=KEY, language="zh", **given)


def documents(made):
    return [
        Document(str(n), text, patient, fields) for n, (text, patient, fields) in enumerate(made, start=1)
    ]


@given(st.lists(any_document, max_size=40), st.sampled_from([10_000_000, 200, 0]))
@settings(max_examples=60)
def test_what_comes_out_is_what_each_patient_alone_would_give_in_the_order_of_the_stream(made, held):
    given = documents(made)
    cleaned = list(deidentify_stream(deidentifier(), iter(given), held=held))
    assert [each.id for each in cleaned] == [each.id for each in given]
    by_id = {each.id: each for each in cleaned}
    for patient in {each.patient for each in given} - {None}:
        own = [each for each in given if each.patient == patient]
        alone = list(deidentify_stream(deidentifier(), own))
        assert alone == [by_id[each.id] for each in own]
    for each in given:
        if each.patient is None:
            assert list(deidentify_stream(deidentifier(), [each])) == [by_id[each.id]]


def test_several_processes_give_the_bytes_of_one_whether_memory_suffices_or_not():
    made = [(TEXTS[n % 8] * (1 + n % 3), f"P{n % 17}" if n % 5 else None, {"n": str(n)}) for n in range(700)]
    one = list(deidentify_stream(deidentifier(), documents(made)))
    for held in (10_000_000, 3000):
        assert list(deidentify_stream(deidentifier(), iter(documents(made)), processes=3, held=held)) == one


def test_a_name_that_one_document_tells_is_gone_from_those_that_came_before_it():
    given = [
        Document("1", "建国今日好转", "P1"),
        Document("2", "平稳", "P2"),
        Document("3", "患者张建国", "P1"),
    ]
    for held in (10_000, 0):
        first, _, last = deidentify_stream(deidentifier(), given, held=held)
        assert "建国" not in first.text + last.text


def test_documents_of_nobody_leave_as_they_come():
    taken = 0

    def endless():
        nonlocal taken
        while True:
            taken += 1
            yield Document(str(taken), "患者张建国，复诊。" + "no finding. " * 90)

    stream = deidentify_stream(deidentifier(), endless())
    assert "张建国" not in next(stream).text
    assert taken < 1000
    stream.close()


def test_an_equal_document_of_nobody_gets_equal_replacements_and_another_one_unlinked_ones():
    same, again, other = deidentify_stream(
        deidentifier(),
        [Document("1", "患者张建国"), Document("2", "患者张建国"), Document("3", "患者张建国。")],
    )
    assert (same.text, same.patient) == (again.text, again.patient)
    assert same.patient != other.patient


def test_no_more_documents_are_in_memory_than_may_be_held():
    most = 0

    def many():
        nonlocal most
        for n in range(4000):
            if n % 200 == 0:
                most = max(most, sum(isinstance(each, Document) for each in gc.get_objects()))
            yield Document(str(n), f"no finding {n}", f"P{n % 500}")

    count = 0
    for _ in deidentify_stream(deidentifier(), many(), held=6000):
        count += 1
        if count % 200 == 0:
            most = max(most, sum(isinstance(each, Document) for each in gc.get_objects()))
    assert count == 4000
    assert 300 < most < 900  # of about 16 characters each


def test_known_values_are_found_in_their_patient_s_documents_and_those_of_everybody_in_all():
    given = [
        Document("1", "aspirin, warfarin: stable", "P1"),
        Document("2", "aspirin, warfarin: stable", "P2"),
    ]
    first, second = deidentify_stream(
        deidentifier(), given, known={"P1": {"name": ["aspirin"]}}, everyone={"staff": ["warfarin"]}
    )
    assert "aspirin" not in first.text
    assert "aspirin" in second.text
    assert "warfarin" not in first.text + second.text


@pytest.mark.parametrize("processes", [1, 2])
def test_doubt_blocks_with_the_same_sentence_from_every_process(processes):
    given = [Document(str(n), "手术日期 2023-02-30。", f"P{n}") for n in range(3)]
    deid = deidentifier(review="block")
    assert any(note.review for note in deidentify_stream(deidentifier(), given))
    with pytest.raises(GateRefused, match=r"^1 doubtful spans in 1 documents"):
        list(deidentify_stream(deid, given, processes=processes))


def test_no_process_is_refused():
    with pytest.raises(InvalidInput):
        list(deidentify_stream(deidentifier(), [], processes=0))


KILLED = """
    import json, os, sys, threading, time
    from confide.deid.deidentify import Deidentifier
    from confide.deid.stream import Document, deidentify_stream
    from confide.errors import ConfideError
    from pathlib import Path

    def documents():
        for n in range(600):
            yield Document(str(n), f"患者张建国，{n}。" + "no finding " * 500)
            if n == 150:
                children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
                os.kill(int(children[0]), 9)
    try:
        for _ in deidentify_stream(Deidentifier(policy="pipl", key=bytes(32)), documents(), processes=2):
            pass
    except ConfideError as error:
        print(error.code)
"""


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found through /proc")
def test_a_process_that_is_killed_ends_the_stream_with_one_sentence():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert done.stdout.strip() == "files.process-lost"
    assert "张" not in done.stderr


def test_a_document_shows_nothing_of_itself():
    assert repr(Document("7", "张建国", "P1", {"tel": "139"})) == "Document()"


def test_what_waits_on_disk_is_never_plain(tmp_path):
    canary = "qzxwvkjhgfpmnbtrdslc"
    seen = b""

    def look():
        nonlocal seen
        assert list(tmp_path.iterdir()) == []
        for handle in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):
                if str(tmp_path) in str(handle.readlink()):
                    seen += handle.read_bytes()

    def many():
        for n in range(25):
            yield Document(str(n), f"{canary} {n} " * 2000, f"P{n % 7}")
        look()

    for n, _ in enumerate(deidentify_stream(deidentifier(), many(), folder=tmp_path, held=10_000)):
        if n % 10 == 0:
            look()
    assert len(seen) > 1_000_000
    assert canary.encode() not in seen
