"""Ways for a hospital that holds the key to steal the weights, against a naive owner and against ours.

Each theft is given all that the hospital has (its secret key, its request, the reply) and returns its estimate of the
whole-number weights. A naive owner answers rightly, and hides nothing. `tests/encrypted/test_theft.py` runs them.
"""

from dataclasses import replace

import numpy as np
import tenseal.sealapi as Seal  # noqa: N812
from models_of import no_quota

from confide.encrypted.client import Client
from confide.encrypted.linear import Compiled
from confide.encrypted.messages import pack, packed_size, read, unpack, write
from confide.encrypted.server import Server


class NaiveServer(Server):
    """Answers rightly: the product, as it is. No zero added, no flood, every coefficient sent."""

    def _hidden(self, score, at, plus, zeros):
        added = np.zeros(self.form.parameters.degree, dtype=np.int64)
        added[at] = np.resize(plus, len(at))
        self._ring.evaluator.add_plain_inplace(score, self._ring.plaintext(added))
        first, second = self._ring.residues(score, len(self._ring.moduli))
        return pack(second, self._ring.moduli) + pack(first, self._ring.moduli)


def sides(compiled, *, naive):
    """Return client and server; ours keeps all primes, which gives a thief the most."""
    whole = replace(compiled.form, reply_primes=len(compiled.form.parameters.primes) - 1)
    compiled = Compiled(
        form=whole, weights=compiled.weights, bias=compiled.bias, flood=compiled.flood, dither=0
    )
    client = Client(whole)
    server = (NaiveServer if naive else Server)(compiled, spend=no_quota)
    server.enroll("thief", client.public_key())
    return client, server


def secret(client):
    """Return the coefficients of the secret key: what (0, q/t) decrypts to."""
    ring = client._ring
    degree, q = client.form.parameters.degree, int(np.prod([int(p) for p in ring.moduli], dtype=object))
    step = np.zeros((2, len(ring.moduli), degree), dtype=np.uint64)
    step[1, :, 0] = [(q >> client.form.parameters.plain_bits) % p for p in ring.moduli]
    plain = Seal.Plaintext()
    client._decryptor.decrypt(ring.ciphertext(step), plain)
    return ring.coefficients(plain)


def times(residues, small):
    """Return residues · small in Z_p[X]/(X^N + 1) for small whole numbers, exactly, limb by limb."""
    n = residues.size
    total = np.zeros(n, dtype=object)
    for shift in (0, 16, 32, 48):
        limb = ((residues >> np.uint64(shift)) & np.uint64(0xFFFF)).astype(np.float64)
        full = np.rint(np.fft.irfft(np.fft.rfft(limb, 2 * n) * np.fft.rfft(small, 2 * n), 2 * n)).astype(
            np.int64
        )
        total += (full[:n] - full[n:]).astype(object) << shift
    return total


def phase(client, first, second, moduli):
    """Return c0 + c1 · s as whole numbers around zero: message and noise, as only the key's owner sees them."""
    s, q = secret(client), 1
    whole = np.zeros(first.shape[-1], dtype=object)
    for prime, c0, c1 in zip(moduli, first, second, strict=True):
        part = (c0.astype(object) + times(c1, s)) % prime
        whole, q = whole + q * ((part - whole) * pow(q, -1, prime) % prime), q * prime
    return np.where(whole > q // 2, whole - q, whole), q


def noise(client, whole, q):
    """Return what is left beside the nearest multiple of q/t, rounded."""
    t = 1 << client.form.parameters.plain_bits
    return np.array([int(p) - (2 * round_div(int(p) * t, q) * q + t) // (2 * t) for p in whole], dtype=object)


def round_div(a, b):
    return (2 * a + b) // (2 * b)


def parts(client, request, reply, answers):
    """Return residues of the request's first ciphertexts, and c0 at the answers' places and c1 of the first reply."""
    moduli, degree = client._ring.moduli, client.form.parameters.degree
    _, sent = read(request, client._digest, "records", "columns")
    size = packed_size(2, moduli, degree)
    asked = [unpack(sent[at : at + size], 2, moduli, degree) for at in range(0, len(sent), size)]
    _, body = read(reply, client._digest, "reply")
    half = size // 2
    c1 = unpack(body[:half], 1, moduli, degree)[0]
    count = (len(body) - half) * degree // half  # a naive owner sends all
    c0 = unpack(body[half:], 1, moduli, count)[0]
    return asked, c0, c1, answers if count == len(answers) else np.arange(degree)


def by_hidden_coefficients(client, server):
    """Ask for one record that is 1 in its first feature: the product is then the weights, all in one reply."""
    width = len(client.form.features)
    row = np.array([[(low + high) / 2 for low, high in zip(client.form.low, client.form.high, strict=True)]])
    row[0, 0] = client.form.high[0]
    request = client.ask(row)
    answers = client.form.places(1).ravel()
    _, c0, c1, at = parts(client, request, server.answer("thief", request), answers)
    whole = np.zeros((len(c0), client.form.parameters.degree), dtype=np.uint64)
    whole[:, at] = c0
    values, q = phase(client, whole, c1, client._ring.moduli)
    t = 1 << client.form.parameters.plain_bits
    product = np.array([round_div(int(p) * t, q) for p in values], dtype=float)[:width][::-1]
    product = (product + t / 2) % t - t / 2
    return product / 2**client.form.input_bits, at


def by_noise(client, server):
    """Ask for many records feature by feature, and solve what is beside the answers for the weights."""
    degree, width = client.form.parameters.degree, len(client.form.features)
    rows = np.tile(
        [(low + high) / 2 for low, high in zip(client.form.low, client.form.high, strict=True)], (degree, 1)
    )
    request = client.ask(rows)
    asked, c0, c1, at = parts(client, request, server.answer("thief", request), np.arange(degree))
    assert len(asked) == width
    errors = [noise(client, *phase(client, one[0], one[1], client._ring.moduli)) for one in asked]
    whole, q = phase(client, c0, c1, client._ring.moduli)
    left = noise(client, whole, q).astype(float)
    return np.linalg.lstsq(np.array(errors, dtype=float).T, left, rcond=None)[0], at


def by_mask(client, server):
    """Solve c1 of the reply for the weights, which multiply c1 of the request."""
    width, prime = len(client.form.features), client._ring.moduli[0]
    row = np.array([[(low + high) / 2 for low, high in zip(client.form.low, client.form.high, strict=True)]])
    request = client.ask(row)
    asked, _, c1, at = parts(client, request, server.answer("thief", request), client.form.places(1).ravel())
    given = asked[0][1][0].astype(object)
    shifted = np.array(
        [[given[i - j] if i >= j else -given[i - j] for j in range(width)] for i in range(width)]
    )
    found = np.array(solved(shifted % prime, c1[0][:width].astype(object), prime), dtype=object)
    return np.where(found > prime // 2, found - prime, found).astype(float)[::-1], at


def made_key(client):
    """Give the client another key, whose public half works, looks even, and hides nothing: its second polynomial is small.

    A second secret key stands in its place, whose transform looks like any other; the first is made to fit, without
    error. What re-randomises, (p1 · u + e1) / P rounded, is then 0 nearly everywhere.
    """
    ring = client._ring
    moduli = np.array(ring.key_moduli, dtype=object)[:, None]
    own, second = (Seal.KeyGenerator(ring.context).secret_key() for _ in range(2))
    client._encryptor, client._decryptor = (
        Seal.Encryptor(ring.context, own),
        Seal.Decryptor(ring.context, own),
    )
    own, small = _transformed(own, ring), _transformed(second, ring)
    first = (moduli - small.astype(object) * own.astype(object) % moduli) % moduli
    residues = np.array([first, small.astype(object)]).astype(np.uint64)
    return write("key", client._digest, bytes(16), 0, pack(residues, ring.key_moduli))


def _transformed(key, ring):
    """Return a secret key as SEAL keeps it: transformed, shape (all primes, degree)."""
    shape = (len(ring.key_moduli), ring.parameters.degree)
    return np.frombuffer(ring.secret_bytes(key)[-8 * shape[0] * shape[1] :], "<u8").reshape(shape)


def solved(matrix, right, prime):
    """Return x with matrix · x = right modulo a prime, by Gauss."""
    rows = [[int(v) for v in row] + [int(b)] for row, b in zip(matrix, right, strict=True)]
    for at in range(len(rows)):
        pivot = next(i for i in range(at, len(rows)) if rows[i][at])
        rows[at], rows[pivot] = rows[pivot], rows[at]
        inverse = pow(rows[at][at], -1, prime)
        rows[at] = [v * inverse % prime for v in rows[at]]
        for i in range(len(rows)):
            if i != at and rows[i][at]:
                factor = rows[i][at]
                rows[i] = [(v - factor * w) % prime for v, w in zip(rows[i], rows[at], strict=True)]
    return [row[-1] for row in rows]


def by_chosen_digits(client, server):
    """Send 1 and 2^16, far outside the ranges, so that one answer holds two weights in its digits."""
    width = len(client.form.features)
    coefficients = np.zeros(width, dtype=np.int64)
    coefficients[:2] = 1, 1 << 16
    sealed = client._sealed(coefficients)
    request = write("records", client._digest, bytes(16), 1, sealed)
    at = client.form.places(1).ravel()
    _, c0, c1, places = parts(client, request, server.answer("thief", request), at)
    whole = np.zeros((len(c0), client.form.parameters.degree), dtype=np.uint64)
    whole[:, places] = c0
    values, q = phase(client, whole, c1, client._ring.moduli)
    return round_div(int(values[at[0]]) << client.form.parameters.plain_bits, q), places


THEFTS = (by_hidden_coefficients, by_noise, by_mask)


def share(found, compiled):
    """Return the share of weights that were found to within a hundredth of the largest."""
    return float(np.mean(np.abs(found - compiled.weights[0]) <= np.abs(compiled.weights).max() / 100))


def ideal_share(compiled):
    """Return the share found by who sees one ideal answer for the first feature, and guesses zero for the others.

    Thieves get the better of this and of guessing every weight alike, so that small weights are no loot.
    """
    weights = compiled.weights[0]
    guess = np.zeros(len(weights))
    guess[0] = weights[0]
    return share(guess, compiled)


def advantage(compiled, *, naive):
    """Return by how much the best theft beats the ideal answer, in shares of the weights."""
    client, server = sides(compiled, naive=naive)
    return max(
        0.0, max(share(theft(client, server)[0], compiled) for theft in THEFTS) - ideal_share(compiled)
    )
