"""Where a federation may be played: on the loopback alone without an engine, and by one way at a time."""

from pathlib import Path

import pytest
from test_assent import manifest

from confide.errors import InvalidInput
from confide.study.places import Way, lines_at, loopback


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0:8470",
        "10.0.0.1:8470",
        "hub.example:8470",
        "127.0.0.1:0",
        "127.0.0.1:70000",
        "127.0.0.1",
        "",
        "::1",
    ],
)
def test_an_address_that_others_could_reach_or_that_is_none_is_refused(address):
    with pytest.raises(InvalidInput) as refused:
        loopback(address)
    assert refused.value.code == "fed.address"


def test_messages_travel_by_one_way():
    with pytest.raises(InvalidInput) as refused:
        Way(files=Path("drop"), kit=Path("kit"))
    assert refused.value.code == "fed.two-ways"


def test_an_engine_at_the_hub_wants_an_administrator(tmp_path):
    pytest.importorskip("nvflare", reason="NVFlare is not installed")
    with pytest.raises(InvalidInput) as refused, lines_at(manifest(), Way(kit=tmp_path), tmp_path):
        pass
    assert refused.value.code == "fed.no-admin-kit"
