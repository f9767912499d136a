"""What the engine refuses: by name before the first step, or before anything of the step is added."""

import pytest
import torch
from engine_models import PATIENTS, LastState, cases, llama, rows, squared
from torch import nn

from confide.errors import InvalidInput
from confide.train.engine import Engine
from confide.train.rules import is_rms_norm

CASES = cases()


def refused(call):
    with pytest.raises(InvalidInput) as found:
        call()
    assert found.value.hint
    return found.value.code.removeprefix("engine.")


class Router(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = nn.Linear(2, 2)


class Noisy(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(3))

    def forward(self, x):
        return x * self.scale * torch.rand_like(x)


class Bare(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(x) @ self.layer.weight


class TokensFirst(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 3)

    def forward(self, x):
        return self.layer(x.transpose(0, 1)).transpose(0, 1)


@pytest.mark.parametrize(
    ("model", "code"),
    [
        (lambda: nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), "batch-norm"),
        (lambda: nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2).requires_grad_(False)), "batch-norm"),
        (lambda: nn.InstanceNorm1d(2, affine=True, track_running_stats=True), "batch-norm"),
        (lambda: nn.Sequential(Router()), "experts"),
        (lambda: nn.Linear(2, 2).requires_grad_(False), "nothing-trainable"),
        (lambda: nn.Sequential(nn.Linear(2, 2), nn.ParameterList([torch.ones(2)])), "bare-parameter"),
        (lambda: nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)), "bare-parameter"),
        (lambda: nn.Embedding(3, 2, max_norm=1.0), "embedding"),
        (lambda: nn.Embedding(3, 2, scale_grad_by_freq=True), "embedding"),
    ],
)
def test_a_model_is_refused_by_name_before_the_first_step(model, code):
    made = model()
    assert refused(lambda: Engine(made, clip=1.0)) == code


@pytest.mark.parametrize("clip", [0.0, -1.0, float("nan"), float("inf")])
def test_a_clip_that_bounds_nothing_is_refused(clip):
    assert refused(lambda: Engine(nn.Linear(2, 2), clip=clip)) == "clip"


@pytest.mark.parametrize(
    ("model", "loss", "code"),
    [
        (lambda: nn.Linear(3, 3), lambda out: out.square().mean(), "losses"),
        (lambda: nn.Linear(3, 3), lambda out: out.square(), "losses"),
        (lambda: nn.Linear(3, 3), lambda out: out.detach().square().sum(1), "no-gradient"),
        (lambda: nn.Linear(3, 3), lambda out: (out - out.mean(0)).square().sum(1), "coupled"),
        (lambda: nn.Linear(3, 3), lambda out: -(out @ out.T).log_softmax(1).diagonal(), "coupled"),
        (lambda: nn.Linear(3, 3), lambda out: out.square().sum(1)[:4], "batch-lost"),
        (Noisy, lambda out: out.square().sum(1), "no-rule"),
        (Bare, lambda out: out.square().sum(1), "bare-use"),
    ],
)
def test_a_step_is_refused_before_anything_is_added(model, loss, code):
    made = model()
    engine = Engine(made, clip=1.0)
    out = made(torch.stack(rows(3)))
    assert refused(lambda: engine.backward(loss(out))) == code
    assert engine.sums == {}


@pytest.mark.parametrize("tokens", [5, 6, 12])
def test_tokens_in_front_of_records_are_refused_whatever_their_number(tokens):
    model = TokensFirst()
    engine = Engine(model, clip=1.0)
    losses = squared(model, rows(tokens, 3))
    assert refused(lambda: engine.backward(losses)) in ("batch-lost", "coupled")


def test_records_of_one_patient_may_be_coupled_and_those_of_two_may_not():
    model, records, _ = CASES["convolutions of signals"]()
    engine = Engine(model, clip=1.0)
    # PATIENTS: 3 1 3 2 1 1
    partners = {"1 uses 3": [0, 2, 0, 3, 2, 1], "3 uses 2": [3, 1, 2, 3, 4, 5], "within": [2, 4, 0, 3, 5, 1]}
    for name, other in partners.items():
        losses = squared(model, records)
        losses = losses * losses[torch.tensor(other)]
        if name != "within":
            assert refused(lambda found=losses: engine.backward(found, PATIENTS)) == "coupled"
        else:
            engine.backward(losses, PATIENTS)


@pytest.mark.parametrize("settings", [{"proj_size": 2}, {"num_layers": 2, "dropout": 0.5}])
def test_recurrent_layers_that_are_not_covered_are_refused(settings):
    model = nn.LSTM(3, 4, batch_first=True, **settings)
    engine = Engine(model, clip=1.0)
    losses = model(torch.stack(rows(4, 3)))[0].square().sum((1, 2))
    assert refused(lambda: engine.backward(losses)) == "recurrent"
    assert LastState(nn.GRU).head.weight.requires_grad


def test_attention_that_drops_weights_at_random_is_refused_while_it_trains():
    model = nn.MultiheadAttention(4, 2, dropout=0.1, batch_first=True)
    engine = Engine(model, clip=1.0)
    x = torch.stack(rows(5, 4))
    losses = model(x, x, x)[0].square().sum((1, 2))
    assert refused(lambda: engine.backward(losses)) == "attention-dropout"
    engine.close()
    assert (
        Engine(model.eval(), clip=1.0).verify(
            rows(5, 4), lambda m, b: m(*[torch.stack(list(b))] * 3)[0].sum((1, 2))
        )
        < 1e-5
    )


@pytest.mark.parametrize("patients", [PATIENTS[:3], PATIENTS.float(), PATIENTS.unsqueeze(1)])
def test_patients_that_do_not_fit_the_records_are_refused(patients):
    model, records, loss = CASES["convolutions"]()
    engine = Engine(model, clip=1.0)
    assert refused(lambda: engine.backward(loss(model, records), patients)) == "patients"


def test_backward_past_the_engine_and_a_second_engine_are_refused():
    model, records, loss = CASES["convolutions"]()
    engine = Engine(model, clip=1.0)
    assert refused(lambda: Engine(model, clip=1.0)) == "twice"
    assert refused(lambda: loss(model, records).mean().backward()) == "plain-backward"
    engine.close()
    loss(model, records).mean().backward()
    assert all(p.grad is not None for p in model.parameters())


def test_a_norm_is_recognised_by_its_arithmetic_and_not_by_its_name():
    class GemmaRMSNorm(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.eps, self.weight = 1e-6, nn.Parameter(torch.zeros(4))

        def forward(self, x):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * (1 + self.weight)

    class SquaredRMSNorm(GemmaRMSNorm):
        def forward(self, x):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps) * self.weight.square()

    class OtherEpsilonRMSNorm(GemmaRMSNorm):
        def forward(self, x):
            return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-2) * self.weight

    found = [is_rms_norm(kind()) for kind in (GemmaRMSNorm, SquaredRMSNorm, OtherEpsilonRMSNorm)]
    assert found == [True, False, False]
    assert is_rms_norm(llama().model.norm)
    assert is_rms_norm(nn.RMSNorm(4))
    for kind in (GemmaRMSNorm, SquaredRMSNorm, OtherEpsilonRMSNorm):
        model = nn.Sequential(nn.Linear(3, 4), kind())
        nn.init.normal_(model[1].weight)
        assert Engine(model, clip=0.01).verify(rows(5, 3), squared) < 1e-5


def test_a_convolution_that_is_changed_below_its_forward_has_no_rule():
    """It is run again for each record, as it is."""

    class Standardised(torch.nn.Conv2d):
        def _conv_forward(self, a, weight, bias):
            return super()._conv_forward(a, weight - weight.mean(), bias)

    layer = Standardised(3, 4, 3)
    engine = Engine(layer, clip=0.05)
    records = list(torch.randn(3, 3, 5, 5, generator=torch.Generator().manual_seed(1)))
    loss = lambda model, some: model(torch.stack(list(some))).square().flatten(1).sum(1)  # noqa: E731
    assert engine.verify(records, loss) < 1e-5
