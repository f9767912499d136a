"""The owner's side: answer encrypted records, and tell nothing about the weights but the answers.

Guarantee: a reply holds, of each ciphertext, the coefficients of the answers and a re-randomised mask. Each answer's
noise is hidden among 2^flood whole numbers, so that a reply is within 2^-hiding an answer of one made without the
weights (semi-honest hospital, given ring-LWE). No secret key is here, so no answer is ever plain. Proofs:
`docs/proofs/encrypted.md`; the attacks: `tests/encrypted/test_theft.py`.
"""

import os
import secrets
from collections.abc import Callable
from typing import Any

import numpy as np

from confide.encrypted.client import reply_places
from confide.encrypted.form import Integers
from confide.encrypted.linear import BLUR_BITS, Compiled
from confide.encrypted.messages import (
    pack,
    packed_size,
    read,
    request_ciphertexts,
    unpack,
    verify_records,
    verify_size,
    write,
)
from confide.encrypted.ring import Seal, ring, spread
from confide.errors import InvalidInput

Factor = tuple[Any, bool]  # a plaintext, and whether the product is turned round
Spend = Callable[[str, int], None]  # client, answers: raises when they are too many


class Server:
    """Answers requests about one compiled model.

    Args:
        compiled: the model.
        spend: called before anything is computed, with the client and the answers it asks for; a quota raises.
    """

    def __init__(self, compiled: Compiled, *, spend: Spend) -> None:
        self.form = compiled.form
        self._compiled, self._spend = compiled, spend
        self._ring, self._digest = ring(self.form.parameters), self.form.digest()
        self._zeros: dict[str, Any] = {}  # client -> what encrypts zero under its key
        self._products = self._products_of(compiled.weights)

    def enroll(self, client: str, key: bytes) -> None:
        """Take a hospital's public key; a new one replaces the old.

        Raises:
            InvalidInput: it is no public key for this form.
        """
        _, body = read(key, self._digest, "key")
        moduli, degree = self._ring.key_moduli, self.form.parameters.degree
        verify_size(body, packed_size(2, moduli, degree))
        residues = unpack(body, 2, moduli, degree)
        if any(len(np.unique(part)) < degree // 2 for part in residues.reshape(-1, degree)):
            raise InvalidInput("encrypted.weak-key")  # a public key looks random; a chosen one need not
        self._zeros[client] = Seal.Encryptor(self._ring.context, self._ring.public_key(residues))

    def answer(self, client: str, request: bytes) -> bytes:
        """Return the reply to a request.

        Raises:
            InvalidInput: the client has no key here, or the request is none for this form; nothing is spent.
            AccessDenied: what `spend` raises.
        """
        zeros = self._zeros.get(client)
        if zeros is None:
            raise InvalidInput("encrypted.no-key")
        head, body = read(request, self._digest, "records", "columns")
        verify_records(head.records)
        if head.kind == "columns" and self.form.answers == "label":
            raise InvalidInput("encrypted.no-message")
        moduli, degree = self._ring.moduli, self.form.parameters.degree
        count, size = request_ciphertexts(self.form, head), packed_size(2, moduli, degree)
        verify_size(body, count * size)
        sealed = []
        for at in range(count):
            residues = unpack(body[at * size : (at + 1) * size], 2, moduli, degree)
            if not residues[1].any(axis=1).all():
                raise InvalidInput("encrypted.not-sealed")
            sealed.append(self._ring.ciphertext(residues))
        self._spend(client, head.records * len(self.form.outputs))
        scores = self._by_column(sealed) if head.kind == "columns" else self._by_record(sealed)
        parts = [
            self._hidden(score, at, plus, zeros)
            for (score, plus), (at, _, _) in zip(scores, reply_places(self.form, head), strict=True)
        ]
        return write("reply", self._digest, head.request, head.records, b"".join(parts))

    def _products_of(self, weights: Integers) -> list["Factor"]:
        """Return the polynomials whose product with records has the answers at their places."""
        together = self.form.together
        groups = [weights[start : start + together] for start in range(0, len(weights), together)]
        return [self._factor(np.ascontiguousarray(some[:, ::-1]).ravel()) for some in groups]

    def _factor(self, coefficients: Integers) -> "Factor":
        """Return a factor of ciphertexts. A lone negative coefficient is turned: SEAL would take it as t more."""
        turned = np.count_nonzero(coefficients) == 1 and coefficients.sum() < 0
        return self._ring.plaintext(-coefficients if turned else coefficients), bool(turned)

    def _times(self, sealed: Any, factor: "Factor") -> Any:
        product = Seal.Ciphertext()
        self._ring.evaluator.multiply_plain(sealed, factor[0], product)
        if factor[1]:
            self._ring.evaluator.negate_inplace(product)
        return product

    def _by_record(self, sealed: list[Any]) -> list[tuple[Any, Integers]]:
        """Return for each reply the product, and what is added to its answers."""
        found = []
        together = self.form.together
        for one in sealed:
            products, plus = self._products, self._compiled.bias
            if self.form.answers == "label":
                factor = blur()
                products = self._products_of(self._compiled.weights * factor)
                plus = plus * factor + secrets.randbelow(factor)
            for group, product in enumerate(products):
                found.append((self._times(one, product), plus[group * together : (group + 1) * together]))
        return found

    def _by_column(self, sealed: list[Any]) -> list[tuple[Any, Integers]]:
        """Return for each reply the weighted sum of columns, and what is added to its answers."""
        found = []
        width, weights = len(self.form.monomials), self._compiled.weights
        factors = [[self._factor(np.array([w or 1])) for w in row] for row in weights.tolist()]
        for start in range(0, len(sealed), width):
            block = sealed[start : start + width]
            for output, row in enumerate(factors):
                parts = [self._times(one, factor) for one, factor in zip(block, row, strict=True)]
                # a weight of zero takes as long as any other, and is left out of the sum
                counted = [part for part, weight in zip(parts, weights[output], strict=True) if weight]
                for part in counted[1:]:
                    self._ring.evaluator.add_inplace(counted[0], part)
                found.append((counted[0], self._compiled.bias[output : output + 1]))
        return found

    def _hidden(self, score: Any, at: Integers, plus: Integers, zeros: Any) -> bytes:
        """Return one score as it leaves: biased, dithered, re-randomised, flooded, and no coefficient beside.

        Nothing of the first polynomial is sent but the answers: what is not sent needs no mask. The second is
        blinded by an encryption of zero. Dropping primes afterwards sees only what is hidden already.
        """
        form, evaluator = self.form, self._ring.evaluator
        added = np.zeros(form.parameters.degree, dtype=np.int64)
        added[at] = np.resize(plus, len(at)) + dithers(self._compiled.dither, len(at))
        evaluator.add_plain_inplace(score, self._ring.plaintext(added))
        zero = Seal.Ciphertext()
        zeros.encrypt_zero(zero)
        evaluator.add_inplace(score, zero)
        flood = np.zeros((2, len(self._ring.moduli), form.parameters.degree), dtype=np.uint64)
        flood[0][:, at] = spread(floods(self._compiled.flood, len(at)), self._ring.moduli)
        evaluator.add_inplace(score, self._ring.ciphertext(flood))
        moduli = self._ring.moduli[: form.reply_primes]
        for _ in self._ring.moduli[form.reply_primes :]:
            evaluator.mod_switch_to_next_inplace(score)
        residues = self._ring.residues(score, len(moduli))
        return pack(residues[1], moduli) + pack(np.ascontiguousarray(residues[0][:, at]), moduli)


def floods(bits: int, count: int) -> list[int]:
    """Return whole numbers drawn evenly from -2^(bits-1) up to below 2^(bits-1)."""
    size = (bits + 7) // 8
    drawn, keep, half = os.urandom(size * count), (1 << bits) - 1, 1 << (bits - 1)
    return [
        (int.from_bytes(drawn[at : at + size], "little") & keep) - half for at in range(0, size * count, size)
    ]


def dithers(width: int, count: int) -> Integers:
    """Return whole numbers drawn evenly from `width` of them around zero."""
    if width < 2:
        return np.zeros(count, dtype=np.int64)
    return np.array([secrets.randbelow(width) - width // 2 for _ in range(count)], dtype=np.int64)


def blur() -> int:
    """Return a factor from 1 to 2^BLUR_BITS, any binary order of magnitude as likely as another."""
    order = secrets.randbelow(BLUR_BITS)
    return (1 << order) + secrets.randbelow(1 << order)
