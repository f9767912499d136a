"""The thefts succeed against a naive owner, and against ours bring no more than the ideal answer."""

import numpy as np
import pytest
import tenseal.sealapi as Seal  # noqa: N812
from models_of import compiled_cancer
from thefts import (
    THEFTS,
    advantage,
    by_chosen_digits,
    by_mask,
    by_noise,
    ideal_share,
    made_key,
    noise,
    parts,
    phase,
    share,
    sides,
    times,
)

from confide.encrypted.linear import compile_model
from confide.encrypted.messages import packed_size
from confide.encrypted.models import from_coefficients
from confide.encrypted.parameters import answer_noise, flood_bits, zero_noise
from confide.encrypted.server import blur, floods
from confide.errors import InvalidInput


@pytest.fixture(scope="module")
def compiled():
    return compiled_cancer()[2]


@pytest.mark.parametrize("theft", THEFTS, ids=lambda theft: theft.__name__)
def test_a_naive_owner_loses_the_weights_in_one_reply(theft, compiled):
    found, _ = theft(*sides(compiled, naive=True))
    assert share(found, compiled) > 0.95


@pytest.mark.parametrize("theft", THEFTS, ids=lambda theft: theft.__name__)
def test_from_our_reply_a_thief_learns_no_more_than_the_answer(theft, compiled):
    found, _ = theft(*sides(compiled, naive=False))
    assert share(found, compiled) <= ideal_share(compiled)


def test_the_advantage_is_none_with_us_and_great_with_a_naive_owner(compiled):
    assert advantage(compiled, naive=False) <= 0.01
    assert advantage(compiled, naive=True) > 0.5


def test_a_reply_holds_the_answers_and_no_other_coefficient(compiled):
    client, server = sides(compiled, naive=False)
    request = client.ask(np.array([compiled.form.low]))
    _, c0, _, at = parts(client, request, server.answer("thief", request), client.form.places(1).ravel())
    assert c0.shape[1] == len(at) == len(client.form.outputs) == 1


def test_the_noise_of_answers_is_even_over_the_whole_flood(compiled):
    client, server = sides(compiled, naive=False)
    degree = client.form.parameters.degree
    request = client.ask(np.tile(np.array(compiled.form.low), (degree, 1)))
    _, c0, c1, _ = parts(client, request, server.answer("thief", request), np.arange(degree))
    left = noise(client, *phase(client, c0, c1, client._ring.moduli)).astype(float) / 2.0**compiled.flood
    assert np.abs(left).max() <= 0.5 + 1e-9
    steps = np.histogram(left, bins=16, range=(-0.5, 0.5))[0]
    assert ((steps - degree / 16) ** 2 / (degree / 16)).sum() < 45  # chi-squared, 15 degrees, beyond 1e-4


@pytest.mark.parametrize("weights", [[2.0, -3.0, 1.0], [-0.7], [0.0, -1.0], [5.0]])
@pytest.mark.parametrize("records", [1, 4096], ids=["records", "columns"])
def test_unflooded_noise_keeps_to_the_bound_that_the_flood_is_made_for(weights, records):
    """SEAL takes a lone negative factor w as w + t, whose noise is 2^20 times larger: this test found it."""
    scores = from_coefficients({f"x{i}": w for i, w in enumerate(weights)})
    compiled = compile_model(scores, dict.fromkeys(scores.features, (-1.0, 1.0)), name="any")
    client, server = sides(compiled, naive=True)
    request = client.ask(np.ones((records, len(weights))))
    _, c0, c1, _ = parts(client, request, server.answer("thief", request), np.arange(records))
    left = noise(client, *phase(client, c0, c1, client._ring.moduli))
    bound = answer_noise(int(np.abs(compiled.weights).sum()))
    assert bound // 50 < np.abs(left).max() <= bound
    degree, special = client.form.parameters.degree, client.form.parameters.primes[-1]
    assert compiled.flood == flood_bits(bound + zero_noise(degree, special), compiled.form.hiding)
    assert 2.0**-compiled.form.hiding >= bound / 2.0**compiled.flood


def test_an_encryption_of_zero_keeps_to_its_bound(compiled):
    client, server = sides(compiled, naive=False)
    zero, ring = Seal.Ciphertext(), client._ring
    for _ in range(3):
        server._zeros["thief"].encrypt_zero(zero)
        residues = ring.residues(zero, len(ring.moduli))
        whole, _ = phase(client, residues[0], residues[1], ring.moduli)
        assert np.abs(whole).max() <= zero_noise(
            client.form.parameters.degree, client.form.parameters.primes[-1]
        )


def test_inputs_outside_the_ranges_give_the_linear_answer_modulo_t_and_nothing_else(compiled):
    client, server = sides(compiled, naive=False)
    t = 1 << client.form.parameters.plain_bits
    found, _ = by_chosen_digits(client, server)
    first, second = compiled.weights[0][:2].tolist()
    assert (found - first - (second << 16) - int(compiled.bias[0])) % t == 0


def test_a_key_made_to_be_weak_passes_for_a_good_one_and_gives_the_weights_away(compiled):
    """Where the promise ends: it is made to a hospital that makes its key by the protocol, and nothing can check that."""
    client, server = sides(compiled, naive=False)
    server.enroll("thief", made_key(client))
    found, _ = by_mask(client, server)
    assert share(found, compiled) > 0.95


def test_no_key_but_the_public_one_has_a_place_in_any_message(compiled):
    """Neither relinearisation nor rotation keys travel, so there are none to be made weak."""
    client, server = sides(compiled, naive=False)
    key, moduli = client.public_key(), client._ring.key_moduli
    degree = client.form.parameters.degree
    assert len(key) == 60 + packed_size(2, moduli, degree)
    for more in (key + key[60:], key + bytes(packed_size(2, moduli, degree)), key[:-1]):
        with pytest.raises(InvalidInput, match="bytes where"):
            server.enroll("thief", more)


def test_floods_are_even_and_reach_both_ends():
    drawn = np.array(floods(61, 20_000), dtype=float) / 2.0**61
    assert -0.5 <= drawn.min() < -0.499
    assert 0.499 < drawn.max() < 0.5
    assert abs(drawn.mean()) < 0.01


def test_factors_of_labels_are_even_over_orders_of_magnitude():
    orders = np.bincount([blur().bit_length() - 1 for _ in range(12_000)], minlength=12)
    assert len(orders) == 12
    assert orders.min() > 800


def test_the_thieves_own_arithmetic_is_right():
    residues = np.arange(8, dtype=np.uint64)
    x = np.zeros(8)
    x[1] = 1  # times X: shifted, the last one comes back negative
    assert times(residues, x).tolist() == [-7, 0, 1, 2, 3, 4, 5, 6]


def test_without_its_flood_our_reply_would_give_the_weights_away(compiled):
    client, server = sides(compiled, naive=False)
    object.__setattr__(server._compiled, "flood", 1)
    found, _ = by_noise(client, server)
    assert share(found, compiled) > 0.9, "the flood is what hides the weights, not chance"


# CKKS, as other libraries offer it: what a naive owner gives away there, and why ours is not built on it.


def _ckks():
    chosen = Seal.EncryptionParameters(Seal.SCHEME_TYPE.CKKS)
    chosen.set_poly_modulus_degree(4096)
    chosen.set_coeff_modulus(Seal.CoeffModulus.Create(4096, [45, 45, 19]))
    context = Seal.SEALContext(chosen, True, Seal.SEC_LEVEL_TYPE.TC128)
    keys = Seal.KeyGenerator(context)
    public = Seal.PublicKey()
    keys.create_public_key(public)
    return context, Seal.Encryptor(context, public), Seal.Decryptor(context, keys.secret_key())


@pytest.mark.parametrize("real_flood", [False, True])
def test_ckks_gives_the_weights_away_in_raw_slots_and_under_a_real_flood_in_imaginary_parts(real_flood):
    context, encryptor, decryptor = _ckks()
    encoder, evaluator = Seal.CKKSEncoder(context), Seal.Evaluator(context)
    rng = np.random.default_rng(5)
    weights, x = rng.uniform(0.5, 2, 30), rng.uniform(0.5, 2, 30)

    def plain(values):
        made = Seal.Plaintext()
        encoder.encode([float(v) for v in values], 2.0**30, made)
        return made

    def opened(ciphertext):
        made = Seal.Plaintext()
        decryptor.decrypt(ciphertext, made)
        return np.array(encoder.decode_complex(made))[:30]

    sealed, answer = Seal.Ciphertext(), Seal.Ciphertext()
    encryptor.encrypt(plain(x), sealed)
    evaluator.multiply_plain(sealed, plain(weights), answer)
    if not real_flood:
        np.testing.assert_allclose(opened(answer).real / x, weights, rtol=0.01)
        return
    noise_of = Seal.Plaintext()
    encoder.encode([float(v) for v in rng.uniform(-(2.0**20), 2.0**20, 2048)], 2.0**60, noise_of)
    evaluator.add_plain_inplace(answer, noise_of)
    found = opened(answer).imag / opened(sealed).imag
    assert np.mean(np.abs(found - weights) < 0.05) > 0.8


def test_the_form_that_leaves_the_owner_has_no_field_for_a_weight(compiled):
    assert not {"weights", "bias", "flood", "dither"} & set(compiled.form.to_json())
