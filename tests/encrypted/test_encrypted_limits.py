"""Counts hold when everybody asks at once and come before answers; each limit on size refuses with its own code."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from asgi import ask as call
from models_of import no_quota, pair, tiny

from confide.encrypted.linear import compile_model
from confide.encrypted.messages import LONGEST, MOST_RECORDS, MOST_TOGETHER, largest_request, most_together
from confide.encrypted.models import from_coefficients
from confide.encrypted.parameters import Parameters
from confide.encrypted.quota import Quota
from confide.encrypted.ring import ring
from confide.encrypted.server import Server
from confide.encrypted.web import make_service, token_digest
from confide.errors import AccessDenied, InvalidInput

COMPILED = tiny()
CLIENT, SERVER = pair(COMPILED)
REQUEST = CLIENT.ask(np.zeros((1, 3)))


def test_who_asks_eight_times_at_once_gets_no_answer_more_than_the_quota(tmp_path):
    def one(_):
        try:
            Quota(tmp_path / "answers", COMPILED.form, 20).spend("ward", 1)
        except AccessDenied:
            return 0
        return 1

    Quota(tmp_path / "answers", COMPILED.form, 20)
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(40))) == 20


def test_an_answer_is_counted_before_anything_is_computed():
    order = []

    class Watched(Server):
        def _by_record(self, sealed):
            order.append("computed")
            return super()._by_record(sealed)

    server = Watched(COMPILED, spend=lambda client, answers: order.append("counted"))
    server.enroll("ward", CLIENT.public_key())
    server.answer("ward", REQUEST)
    assert order == ["counted", "computed"]


def test_a_message_longer_than_any_is_refused_before_it_is_looked_at():
    with pytest.raises(InvalidInput) as refused:
        SERVER.answer("ward", bytes(LONGEST + 1))
    assert refused.value.code == "encrypted.too-long"


@pytest.mark.parametrize("records", [0, MOST_RECORDS + 1, 2**32 - 1])
def test_a_number_of_records_out_of_range_is_refused_for_itself(records):
    with pytest.raises(InvalidInput) as refused:
        SERVER.answer("ward", REQUEST[:56] + records.to_bytes(4, "little") + REQUEST[60:])
    assert refused.value.code == "encrypted.records"


def test_the_service_stops_reading_where_the_longest_request_ends():
    token = "t" * 32
    app = make_service(Server(COMPILED, spend=no_quota), {"ward": token_digest(token)})
    most = largest_request(COMPILED.form, ring(COMPILED.form.parameters).key_moduli, MOST_TOGETHER)
    for size, status in ((most, 400), (most + 1, 413)):
        found = call(app, "/ask", method="POST", body=bytes(size), authorization=f"Bearer {token}")
        assert found.status == status


def test_a_question_by_labels_is_cut_so_that_no_request_and_no_reply_is_too_long():
    names = tuple(f"x{i}" for i in range(30))
    wide = compile_model(
        from_coefficients(dict.fromkeys(names, 1.0)), dict.fromkeys(names, (-1.0, 1.0)), name="wide",
        answers="label", tolerance=1e-5,
    ).form  # fmt: skip
    moduli = ring(wide.parameters).key_moduli
    assert largest_request(wide, moduli, MOST_TOGETHER) > LONGEST, "else there is nothing to cut"
    assert largest_request(wide, moduli, most_together(wide, moduli)) <= LONGEST
    assert most_together(COMPILED.form, ring(COMPILED.form.parameters).key_moduli) == MOST_TOGETHER


@pytest.mark.parametrize(
    "settings",
    [
        {
            "degree": 8192,
            "primes": (48, 48, 48, 17),
            "plain_bits": 36,
        },  # another prime of data would not be 1 mod t
        {
            "degree": 4096,
            "primes": (56, 17),
            "plain_bits": 49,
        },  # hardly a multiple of t to choose a prime from
    ],
)
def test_an_even_ring_has_one_prime_of_data_and_room_to_choose_it(settings):
    Parameters(**settings)
    with pytest.raises(InvalidInput, match="128 bits"):
        Parameters(**settings, even=True)
