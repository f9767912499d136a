"""What an encrypted score costs and who learns what: measured on an invented record, before anybody is served."""

import time

import numpy as np

from confide.encrypted.client import Client
from confide.encrypted.linear import Compiled
from confide.encrypted.parameters import SECURITY
from confide.encrypted.quota import worth
from confide.encrypted.server import Server
from confide.types import Json


def report(compiled: Compiled) -> Json:
    """Return bytes, time, error and what each side learns; asks one record in the middle of the ranges.

    `bits_an_answer` bounds what the value of one answer can tell of the weights, whatever record is encrypted: its
    phase is one of q, and evenly spread over the flood and the noise of rounding.
    """
    form = compiled.form
    client, server = Client(form), Server(compiled, spend=_free)
    key = client.public_key()
    server.enroll("report", key)
    row = (np.array([form.low]) + np.array([form.high])) / 2
    client.read(server.answer("report", client.ask(row)))  # the first call warms up
    began = time.process_time()
    request = client.ask(row)
    reply = server.answer("report", request)
    client.read(reply)
    spent = time.process_time() - began
    blurred = compiled.flood + (compiled.dither.bit_length() - 1 if compiled.dither else 0)
    return {
        "security_bits": SECURITY,
        "parameters": form.parameters.to_json(),
        "products": len(form.monomials),
        "key_bytes": len(key),
        "request_bytes": len(request),
        "reply_bytes": len(reply),
        "milliseconds": round(1000 * spent, 1),
        "error": form.error,
        "hiding_bits": form.hiding,
        "answers": form.answers,
        "raw_answers_that_give_it_away": worth(form),
        "bits_an_answer": sum(form.parameters.primes[:-1]) - blurred,
        "owner_learns": ["requests", "records"],
        "hospital_learns": ["form", "answers"],
    }


def _free(client: str, answers: int) -> None:
    """Count nothing: nobody but the report asks."""
