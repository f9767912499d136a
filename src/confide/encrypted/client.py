"""The hospital's side: keys, encrypted records, answers. The secret key and the records stay in this process.

Guarantee: what `ask` and `public_key` return is all that leaves, and it is secure under ring-LWE at 128 bits. One key
decrypts at most `decryptions` replies; then it is refused, and a new `Client` has a new one. Nothing is printed.
"""

import hashlib
import os
from typing import Any, NoReturn

import numpy as np

from confide.encrypted.form import Form, Integers
from confide.encrypted.lift import Floats
from confide.encrypted.messages import (
    Count,
    Head,
    pack,
    packed_size,
    read,
    unpack,
    verify_records,
    verify_size,
    write,
)
from confide.encrypted.ring import Seal, ring
from confide.errors import InvalidInput

DECRYPTIONS = 10_000  # replies under one key


class Client:
    """One key, for one form, in the memory of this process alone.

    Args:
        form: of the model that is asked.
        decryptions: after so many replies the key is refused.
        count: told of every decryption before it happens, with the name of the key and the number of ciphertexts; a
            ledger may write it down, or refuse by raising.
    """

    def __init__(self, form: Form, *, decryptions: int = DECRYPTIONS, count: Count | None = None) -> None:
        self.form = form
        self._ring, self._digest = ring(form.parameters), form.digest()
        keys, public = Seal.KeyGenerator(self._ring.context), Seal.PublicKey()
        secret = keys.secret_key()
        keys.create_public_key(public)
        moduli = self._ring.key_moduli
        body = pack(self._ring.residues(public, len(moduli)), moduli)
        self._public = write("key", self._digest, bytes(16), 0, body)
        self._encryptor = Seal.Encryptor(self._ring.context, secret)
        self._decryptor = Seal.Decryptor(self._ring.context, secret)
        self._left, self._decrypted, self._count = decryptions, 0, count
        self._open: dict[bytes, Head] = {}

    def public_key(self) -> bytes:
        """Return the message that the owner needs once, to re-randomise answers."""
        return self._public

    @property
    def key_name(self) -> str:
        """What the key is called where its decryptions are counted: the digest of its public half."""
        return hashlib.sha256(self._public).hexdigest()

    def ask(self, rows: Floats) -> bytes:
        """Return a request: the records, encrypted.

        Args:
            rows: shape (records, features), in the units of the form's ranges.

        Raises:
            InvalidInput: the shape is another, a value is outside its range, or there are too many records.
        """
        rows = np.asarray(rows, dtype=np.float64)
        whole = self.form.encode(rows)
        verify_records(len(whole))
        request = os.urandom(16)
        head = Head("columns" if self._are_columns_fewer(len(whole)) else "records", request, len(whole))
        filled = _columns(whole, self.form) if head.kind == "columns" else _records(whole, self.form)
        body = b"".join(self._sealed(coefficients) for coefficients in filled)
        self._open[request] = head
        return write(head.kind, self._digest, request, head.records, body)

    def read(self, reply: bytes) -> Floats:
        """Return the answers to an earlier request, shape (records, outputs), in units of the model's score.

        Raises:
            InvalidInput: it answers nothing that was asked, is damaged, or the key is past its limit.
        """
        form, moduli = self.form, self._ring.moduli[: self.form.reply_primes]
        head, body = read(reply, self._digest, "reply")
        asked = self._open.get(head.request)
        if asked is None or asked.records != head.records:
            raise InvalidInput("encrypted.not-asked")
        if self._left < 1:
            raise InvalidInput("encrypted.key-worn", most=self._decrypted)
        sizes = reply_places(form, asked)
        degree = form.parameters.degree
        verify_size(
            body, sum(packed_size(1, moduli, degree) + packed_size(1, moduli, len(at)) for at, _, _ in sizes)
        )
        if self._count is not None:
            self._count(self.key_name, len(sizes))
        del self._open[head.request]
        self._left, self._decrypted = self._left - 1, self._decrypted + 1
        whole = np.zeros((asked.records, len(form.outputs)), dtype=np.int64)
        start = 0
        for at, rows, outputs in sizes:
            middle = start + packed_size(1, moduli, degree)
            end = middle + packed_size(1, moduli, len(at))
            residues = np.zeros((2, len(moduli), degree), dtype=np.uint64)
            residues[1] = unpack(body[start:middle], 1, moduli, degree)[0]
            residues[0][:, at] = unpack(body[middle:end], 1, moduli, len(at))[0]
            plain = Seal.Plaintext()
            self._decryptor.decrypt(self._ring.ciphertext(residues), plain)
            whole[rows, outputs] = self._ring.coefficients(plain)[at].reshape(
                rows.stop - rows.start, outputs.stop - outputs.start
            )
            start = end
        return form.decode(whole)

    def predict(self, answers: Floats) -> Floats:
        """Return what the model says: probabilities, rates, values, or the number of the likeliest class."""
        match self.form.link if self.form.answers != "label" else "identity":
            case "logistic":
                return np.asarray(1 / (1 + np.exp(-answers)))
            case "exp":
                return np.asarray(np.exp(answers))
            case "largest":
                return np.asarray(np.argmax(answers, axis=1)[:, None], dtype=np.float64)
            case _:
                return answers

    def _are_columns_fewer(self, records: int) -> bool:
        """Whether sending feature by feature is the cheaper way; a reply costs about as much as two ciphertexts."""
        form = self.form
        if form.answers == "label":
            return False
        by_record = -(-records // form.records) * (1 + 2 * form.groups)
        blocks = -(-records // form.parameters.degree)
        return blocks * (len(form.monomials) + 2 * len(form.outputs)) < by_record

    def _sealed(self, coefficients: Integers) -> bytes:
        sealed = Seal.Ciphertext()
        self._encryptor.encrypt_symmetric(self._ring.plaintext(coefficients), sealed)
        moduli = self._ring.moduli
        return pack(self._ring.residues(sealed, len(moduli)), moduli)

    def __repr__(self) -> str:
        return "<Client>"

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        raise TypeError("a Client is never pickled: it holds a secret key")


def reply_places(form: Form, asked: Head) -> list[tuple[Integers, slice, slice]]:
    """Return, for each ciphertext of a reply, where its answers stand, and of which records and outputs they are."""
    found = []
    degree, outputs = form.parameters.degree, len(form.outputs)
    if asked.kind == "columns":
        for start in range(0, asked.records, degree):
            rows = slice(start, min(start + degree, asked.records))
            at = np.arange(rows.stop - rows.start)
            found += [(at, rows, slice(output, output + 1)) for output in range(outputs)]
        return found
    for start in range(0, asked.records, form.records):
        rows = slice(start, min(start + form.records, asked.records))
        for first in range(0, outputs, form.together):
            some = slice(first, min(first + form.together, outputs))
            at = form.places(rows.stop - rows.start)[:, : some.stop - some.start].ravel()
            found.append((at, rows, some))
    return found


def _records(whole: Integers, form: Form) -> list[Integers]:
    """Return polynomials of whole records, one after another."""
    width, apart = len(form.monomials), form.together * len(form.monomials)
    filled = []
    for start in range(0, len(whole), form.records):
        some = whole[start : start + form.records]
        polynomial = np.zeros((form.records, apart), dtype=np.int64)
        polynomial[: len(some), :width] = some
        filled.append(polynomial.ravel())
    return filled


def _columns(whole: Integers, form: Form) -> list[Integers]:
    """Return polynomials that hold one product of many records each."""
    degree = form.parameters.degree
    return [
        np.ascontiguousarray(whole[start : start + degree, column])
        for start in range(0, len(whole), degree)
        for column in range(whole.shape[1])
    ]
