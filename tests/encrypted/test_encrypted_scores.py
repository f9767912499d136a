"""Every answer is the model's own score, to within the stated error; labels are its signs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from models_of import asked, cancer, compiled_cancer, pair, tiny, wide
from sklearn.decomposition import PCA
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor, SGDClassifier
from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC, SVR, LinearSVC
from sklearn.tree import DecisionTreeClassifier

from confide.encrypted.client import Client
from confide.encrypted.linear import Compiled, compile_model
from confide.encrypted.models import from_coefficients, from_sklearn, from_torch
from confide.encrypted.server import Server
from confide.errors import InvalidInput

numbers = st.floats(-100, 100, allow_subnormal=False)


@settings(max_examples=25)
@given(
    weights=st.lists(numbers.filter(lambda w: abs(w) > 1e-3), min_size=1, max_size=6),
    bias=numbers,
    records=st.integers(1, 4),
    seed=st.integers(0, 2**32),
)
def test_an_answer_is_off_by_at_most_the_stated_error(weights, bias, records, seed):
    scores = from_coefficients({f"x{i}": w for i, w in enumerate(weights)}, intercept=bias)
    compiled = compile_model(scores, dict.fromkeys(scores.features, (-3.0, 5.0)), name="any")
    rows = np.random.default_rng(seed).uniform(-3, 5, (records, len(weights)))
    rows[0] = -3.0  # an end of the range
    found = asked(*pair(compiled), rows)
    assert np.abs(found[:, 0] - (rows @ weights + bias)).max() <= compiled.form.error


def test_one_record_and_a_table_of_them_get_the_same_answers():
    rows, model, compiled = compiled_cancer()
    client, server = pair(compiled)
    one = asked(client, server, rows[:1])
    table = asked(client, server, rows)  # several ciphertexts of whole records
    many = asked(client, server, np.vstack([rows] * 4))  # feature by feature
    assert client.ask(rows)[5] != client.ask(np.vstack([rows] * 4))[5], "both ways of packing are tried"
    np.testing.assert_array_equal(table[:1], one)
    np.testing.assert_array_equal(many[: len(rows)], table)
    assert np.abs(table[:, 0] - model.decision_function(rows)).max() <= compiled.form.error
    np.testing.assert_allclose(client.predict(table)[:, 0], model.predict_proba(rows)[:, 1], atol=0.02)


def test_more_records_than_a_polynomial_has_coefficients_are_answered():
    client, server = pair(tiny())
    rows = np.linspace(-1, 1, 3 * 9000).reshape(9000, 3)
    found = asked(client, server, rows)
    assert np.abs(found[:, 0] - (rows @ [0.5, -1.25, 2.0] + 0.25)).max() <= client.form.error


def test_labels_are_the_signs_of_scores_beyond_the_error():
    rows, model, compiled = compiled_cancer(answers="label")
    found = asked(*pair(compiled), rows[:12])
    scores = model.decision_function(rows[:12])
    sure = np.abs(scores) > compiled.form.error
    assert sure.sum() >= 11
    assert (found[sure, 0] == np.sign(scores[sure])).all()


def test_rounded_answers_are_within_the_stated_error_and_never_twice_the_same():
    compiled = tiny(answers="rounded", resolution=0.1)
    client, server = pair(compiled)
    found = asked(client, server, np.zeros((200, 3)))
    assert np.abs(found - 0.25).max() <= compiled.form.error
    assert compiled.form.error >= 0.05
    assert found.std() == pytest.approx(0.1 / 12**0.5, rel=0.25), "even noise of the declared width"


@pytest.mark.parametrize("answers", ["score", "label"])
def test_a_compiled_model_reads_back(answers):
    compiled = tiny(answers=answers)
    again = Compiled.from_json(compiled.to_json())
    assert again.form == compiled.form
    assert (again.weights == compiled.weights).all()
    assert repr(compiled.weights) not in repr(compiled)


def test_a_compiled_model_whose_flood_was_lowered_is_refused():
    weaker = tiny().to_json() | {"flood": 10}
    with pytest.raises(InvalidInput, match="no compiled model"):
        Compiled.from_json(weaker)


def _fitted():
    rows, labels, _ = cancer()
    few, three = rows[:, :6], np.digitize(rows[:, 6], [0.03, 0.1])
    bits = (few > few.mean(axis=0)).astype(float)
    yield LinearRegression().fit(few, rows[:, 6]), few, lambda m, x: m.predict(x)[:, None]
    yield (
        PoissonRegressor().fit(few / few.max(axis=0), three),
        few / few.max(axis=0),
        lambda m, x: np.log(m.predict(x))[:, None],
    )
    yield (
        make_pipeline(MinMaxScaler(), LinearSVC()).fit(few, labels),
        few,
        lambda m, x: m.decision_function(x)[:, None],
    )
    yield (
        make_pipeline(StandardScaler(), PCA(3), LogisticRegression()).fit(few, three),
        few,
        lambda m, x: m.decision_function(x),
    )
    yield SVC(kernel="linear").fit(bits, labels), bits, lambda m, x: m.decision_function(x)[:, None]
    yield SVR(kernel="linear").fit(bits, rows[:, 6]), bits, lambda m, x: m.predict(x)[:, None]
    yield SGDClassifier(random_state=0).fit(bits, labels), bits, lambda m, x: m.decision_function(x)[:, None]
    yield make_pipeline(StandardScaler(), GaussianNB()).fit(few, labels), few, _odds
    yield GaussianNB().fit(few[:, :2], three), few[:, :2], lambda m, x: m.predict_joint_log_proba(x)
    yield BernoulliNB(binarize=None).fit(bits, labels), bits, _odds
    yield MultinomialNB().fit(bits, three), bits, lambda m, x: m.predict_joint_log_proba(x)


def _odds(model, rows):
    scores = model.predict_log_proba(rows)
    return scores[:, 1:] - scores[:, :1]


@pytest.mark.parametrize(
    "case", [*_fitted()], ids=lambda case: type(getattr(case[0], "steps", [(0, case[0])])[-1][1]).__name__
)
def test_every_model_that_the_compiler_takes_scores_as_it_does_itself(case):
    model, rows, own = case
    scores = from_sklearn(model)
    compiled = compile_model(scores, wide(rows, scores.features), name="model")
    rows = rows[::40]
    wanted = own(model, rows)
    sane = np.isfinite(wanted).all(axis=1)
    assert sane.mean() > 0.5
    assert np.abs(asked(*pair(compiled), rows) - wanted)[sane].max() <= compiled.form.error * (1 + 1e-6)


def _square_network(features, hidden, outputs):
    import torch
    from torch import nn

    class Square(nn.Module):
        def forward(self, x):
            return x * x

    torch.manual_seed(1)
    return nn.Sequential(
        nn.Linear(features, hidden), Square(), nn.Dropout(), nn.Linear(hidden, outputs)
    ).eval(), nn


@pytest.mark.parametrize(("features", "hidden", "outputs"), [(30, 64, 1), (3, 5, 2)])
def test_a_square_network_is_exact_in_its_products(features, hidden, outputs):
    import torch

    network, _ = _square_network(features, hidden, outputs)
    names = [f"x{i}" for i in range(features)]
    compiled = compile_model(from_torch(network, names), dict.fromkeys(names, (-2.0, 2.0)), name="square")
    rows = np.random.default_rng(0).uniform(-2, 2, (5, features))
    with torch.no_grad():
        wanted = network.double()(torch.tensor(rows)).numpy()
    assert len(compiled.form.monomials) == features + features * (features + 1) // 2
    assert np.abs(asked(*pair(compiled), rows) - wanted).max() <= compiled.form.error


def test_a_sigmoid_network_is_within_the_error_of_its_cubic():
    import torch
    from torch import nn

    torch.manual_seed(1)
    network = nn.Sequential(nn.Linear(4, 6), nn.Sigmoid(), nn.Linear(6, 1))
    compiled = compile_model(
        from_torch(network, "abcd"), dict.fromkeys("abcd", (-1.0, 1.0)), name="sigmoid", tolerance=0.1
    )
    rows = np.random.default_rng(0).uniform(-1, 1, (5, 4))
    with torch.no_grad():
        wanted = network.double()(torch.tensor(rows)).numpy()
    assert np.abs(asked(*pair(compiled), rows) - wanted).max() <= compiled.form.error < 0.2


@pytest.mark.parametrize(("width", "outputs"), [(384, 8), (600, 12), (1500, 3)])
def test_a_head_of_many_outputs_is_answered_whole(width, outputs):
    from torch import nn

    head = nn.Linear(width, outputs)
    names = [f"e{i}" for i in range(width)]
    compiled = compile_model(
        from_torch(head, names), dict.fromkeys(names, (-1.0, 1.0)), name="head", tolerance=0.2
    )
    rows = np.random.default_rng(0).uniform(-0.1, 0.1, (2, width))
    wanted = rows @ head.weight.detach().numpy().T + head.bias.detach().numpy()
    assert np.abs(asked(*pair(compiled), rows) - wanted).max() <= compiled.form.error


# What the compiler cannot take is refused, and named.


def _refused():
    rows, labels, _ = cancer()
    few = rows[:, :3]
    yield SVC().fit(few, labels), "model is of kind SVC"
    yield SVC(kernel="linear").fit(few, np.arange(len(few)) % 3), "model is of kind SVC"
    yield DecisionTreeClassifier().fit(few, labels), "model is of kind DecisionTreeClassifier"
    yield (
        make_pipeline(PolynomialFeatures(), LogisticRegression()).fit(few / few.max(axis=0), labels),
        "polynomialfeatures is of kind PolynomialFeatures",
    )
    yield make_pipeline(PCA(2), GaussianNB()).fit(few, labels), "GaussianNB after PCA"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "case", [*_refused()], ids=lambda case: f"{case[1]} {getattr(case[0], 'kernel', '')}"
)
def test_a_step_without_an_encrypted_form_is_named(case):
    with pytest.raises(InvalidInput, match=case[1]):
        from_sklearn(case[0])


def test_a_layer_without_an_encrypted_form_is_named():
    from torch import nn

    for layers, named in (
        ([nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 1)], "1 is of kind ReLU"),
        ([nn.Conv1d(3, 4, 1)], "0 is of kind Conv1d"),
        (
            [nn.Linear(3, 3), nn.Sigmoid(), nn.Linear(3, 3), nn.Sigmoid(), nn.Linear(3, 1)],
            "3 is of kind Sigmoid",
        ),
    ):
        with pytest.raises(InvalidInput, match=named):
            from_torch(nn.Sequential(*layers), "abc")


def test_what_cannot_be_precise_enough_is_refused_with_what_is_reachable():
    with pytest.raises(InvalidInput, match=r"could be off by .* is wanted"):
        tiny(tolerance=1e-15)


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"answers": "rounded"}, "resolution"), ({"resolution": 0.1}, "resolution")],
)
def test_settings_that_exclude_each_other_are_refused(settings, said):
    with pytest.raises(InvalidInput, match=said):
        tiny(**settings)


def test_labels_of_several_classes_are_refused():
    from torch import nn

    with pytest.raises(InvalidInput, match="one output"):
        compile_model(
            from_torch(nn.Linear(2, 2), "ab"), dict.fromkeys("ab", (0.0, 1.0)), name="m", answers="label"
        )


@pytest.mark.parametrize(
    "ranges",
    [
        {"a": (0.0, 1.0)},
        {"a": (0.0, 1.0), "b": (2.0, 1.0), "c": (0.0, 1.0)},
        dict.fromkeys("abc", (0.0, float("nan"))),
    ],
)
def test_a_range_that_is_none_is_refused(ranges):
    with pytest.raises(InvalidInput, match="has no range"):
        compile_model(from_coefficients({"a": 1.0, "b": 1.0, "c": 1.0}), ranges, name="m")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("weight", "bias", "bounds", "settings", "code"),
    [
        (1e300, 0.0, (1e15, 1e15 + 1), {}, "encrypted.weights"),
        (1.7e308, 1.7e308, (-1.0, 1.0), {}, "encrypted.weights"),
        (1.0, 0.0, (-1e308, 1e308), {}, "encrypted.range"),
        (1e-300, 1.0, (0.0, 1e-300), {}, "encrypted.weights"),
        (1.0, 1e30, (-1.0, 1.0), {"tolerance": 1.0}, "encrypted.precision"),
        (5e-324, 1.0, (-1.0, 1.0), {}, "encrypted.precision"),
        (1.0, 0.0, (-1.0, 1.0), {"answers": "rounded", "resolution": 1e300}, "encrypted.precision"),
    ],
)
def test_scales_that_overflow_are_refused_in_one_sentence(weight, bias, bounds, settings, code):
    scores = from_coefficients({"a": weight, "b": weight}, intercept=bias)
    with pytest.raises(InvalidInput) as refused:
        compile_model(scores, {"a": bounds, "b": bounds}, name="m", **settings)
    assert refused.value.code == code


def test_a_model_of_zeros_is_refused():
    with pytest.raises(InvalidInput, match="no weight other than zero"):
        compile_model(from_coefficients({"a": 0.0}), {"a": (0.0, 1.0)}, name="m")


@pytest.mark.parametrize("row", [[0, 0, 1.01], [0, 0, float("nan")], [0, 0, float("-inf")]])
def test_a_value_outside_its_range_is_refused_without_being_said(row):
    with pytest.raises(InvalidInput, match="feature c of a record") as refused:
        Client(tiny().form).ask(np.array([row]))
    assert "1.01" not in str(refused.value)


@pytest.mark.parametrize("shape", [(0, 3), (2, 4), (3,)])
def test_records_of_another_shape_are_refused(shape):
    with pytest.raises(InvalidInput, match="3 numbers"):
        Client(tiny().form).ask(np.zeros(shape))


def test_a_key_past_its_limit_is_refused_and_a_new_one_works():
    compiled = tiny()
    counted = []
    client, server = pair(compiled, decryptions=2, count=lambda *told: counted.append(told))
    for _ in range(2):
        asked(client, server, np.zeros((1, 3)))
    with pytest.raises(InvalidInput, match="decrypted 2 times"):
        asked(client, server, np.zeros((1, 3)))
    assert [ciphertexts for _, ciphertexts in counted] == [1, 1]
    fresh = Client(compiled.form)
    server.enroll("ward", fresh.public_key())
    assert asked(fresh, server, np.zeros((1, 3)))[0, 0] == pytest.approx(0.25, abs=0.01)


def test_a_server_without_a_key_answers_nothing():
    compiled = tiny()
    with pytest.raises(InvalidInput, match="no public key"):
        Server(compiled, spend=lambda client, answers: None).answer(
            "ward", Client(compiled.form).ask(np.zeros((1, 3)))
        )
