"""Requests are foreign bytes: one form, bounded, and nothing but an IntegrityError for the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from logs import MemoryLog

from confide.crypto.merkle import verify_consistency
from confide.crypto.note import parse_checkpoint
from confide.errors import IntegrityError
from confide.transparency.request import LONGEST_REQUEST, Request, parse_request, request_for, text_of

LOG = MemoryLog(20)
TEXT = request_for(LOG, 13).to_text()


@given(old=st.integers(0, 20))
def test_a_request_reads_back_and_holds_the_proof_that_the_log_continues(old):
    request = parse_request(request_for(LOG, old).to_text().encode())
    assert request == request_for(LOG, old)
    checkpoint = parse_checkpoint(request.note)
    verify_consistency(old, LOG.root(old), checkpoint.size, checkpoint.root, request.proof)


def test_the_example_of_c2sp_reads():
    text = """old 20852014
PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=
jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=
5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=
/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
"""
    request = parse_request(text.encode())
    assert (request.old, len(request.proof)) == (20852014, 4)
    assert parse_checkpoint(request.note).size == 20852163
    assert request.to_text() == text


def test_a_request_holds_no_byte_of_an_entry():
    assert all(text not in TEXT for text in LOG.entries)


foreign = st.binary(max_size=300) | st.builds(
    lambda cut, more, rest: TEXT.encode()[:cut] + more + TEXT.encode()[cut + rest :],
    st.integers(0, len(TEXT)),
    st.binary(max_size=20),
    st.integers(0, 20),
)


@given(data=foreign)
def test_whatever_is_read_as_a_request_has_one_form_or_is_refused(data):
    try:
        request = parse_request(data)
    except IntegrityError:
        return
    assert request.to_text().encode() == data


HASH = "A" * 43 + "="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "old 0",
        "old 0\n",
        TEXT.replace("old 13", "old 013"),
        TEXT.replace("old 13", "old -1"),
        TEXT.replace("old 13", "old ٣"),
        TEXT.replace("old 13", "old"),
        TEXT.replace("old 13", f"old {2**63}"),
        TEXT.replace("old 13", f"old 1{'0' * 6000}"),
        TEXT.replace("old 13", "OLD 13"),
        TEXT.replace("old 13\n", "old 13\nAAAA\n"),
        TEXT.replace("old 13\n", "old 13\nnot base64\n"),
        TEXT.replace("old 13\n", "old 13\n" + f"{HASH}\n" * 64),
    ],
)
def test_what_is_almost_a_request_is_refused(text):
    with pytest.raises(IntegrityError) as refused:
        parse_request(text.encode())
    assert refused.value.code == "transparency.request"


def test_sixty_three_hashes_and_the_largest_size_are_read():
    text = f"old {2**63 - 1}\n" + f"{HASH}\n" * 63 + "\n" + LOG.checkpoint()
    assert len(parse_request(text.encode()).proof) == 63


def test_foreign_bytes_are_bounded_text():
    assert text_of("é".encode(), 2) == "é"
    for data, code in ((b"abc", "transparency.too-long"), (b"\xff", "transparency.not-text")):
        with pytest.raises(IntegrityError) as refused:
            text_of(data, 2)
        assert refused.value.code == code
    with pytest.raises(IntegrityError) as refused:
        parse_request(b"x" * (LONGEST_REQUEST + 1))
    assert refused.value.public == {"longest": LONGEST_REQUEST}


def test_a_log_that_has_less_than_the_witness_saw_asks_for_nothing():
    with pytest.raises(IntegrityError) as refused:
        request_for(LOG, 21)
    assert refused.value.code == "transparency.behind"
    assert refused.value.public == {"seen": 21, "found": 20}
    assert request_for(LOG, 20) == Request(20, (), LOG.checkpoint())
