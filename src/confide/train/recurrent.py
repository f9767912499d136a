"""Gradients of RNN, LSTM and GRU: the recurrence is run again with a tap at every gate.

A weight of a recurrent layer is a linear layer that is used at every step: its gradient per record is the sum over
steps of (gradient at the gates) · (what it multiplied). Both come from one more run of the layer, written out in
torch operations, for all records together. Several layers, both directions, records first or second.
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional

from confide.errors import InvalidInput
from confide.train.per_sample import Outer, Patients, Use
from confide.train.taps import Call, Gradients, Saved

RECURRENT = (nn.RNN, nn.LSTM, nn.GRU)
Found = Iterator[tuple[str, Use | Tensor]]


class Gates:
    """The two linear maps of one layer and direction, with a leaf at each result to take gradients at."""

    def __init__(self, module: nn.RNNBase, suffix: str, x: Tensor) -> None:
        self.suffix, self.x = suffix, x
        self._hidden, self._bias = module.get_parameter(f"weight_hh{suffix}").detach(), None
        bias = None
        if module.bias:
            bias = module.get_parameter(f"bias_ih{suffix}").detach()
            self._bias = module.get_parameter(f"bias_hh{suffix}").detach()
        plain = functional.linear(x, module.get_parameter(f"weight_ih{suffix}").detach(), bias)
        self.leaves = [torch.zeros_like(plain, requires_grad=True) for _ in range(2)]
        self._given, self._before = plain + self.leaves[0], list[Tensor]()

    def at(self, t: int, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the input and the last state say to the gates at step t."""
        self._before.append(h.detach())
        return self._given[:, t], functional.linear(h, self._hidden, self._bias) + self.leaves[1][:, t]

    def gradients(self, given: Tensor, hidden: Tensor, times: list[int], patients: Patients) -> Found:
        """Yield what the gradients at the two leaves say about the four parameters."""
        before = torch.stack(
            [each for _, each in sorted(zip(times, self._before, strict=True), key=_first)], 1
        )
        yield f"weight_ih{self.suffix}", Outer(given, self.x.detach())
        yield f"weight_hh{self.suffix}", Outer(hidden, before)
        yield f"bias_ih{self.suffix}", patients.total(given.sum(1))
        yield f"bias_hh{self.suffix}", patients.total(hidden.sum(1))


def _first(pair: tuple[int, Tensor]) -> int:
    return pair[0]


def recurrent(call: Call, saved: Saved, gradients: Gradients, patients: Patients) -> Found:
    """Yield factors and explicit gradients of all parameters of the layer.

    Args:
        call: of an RNN, LSTM or GRU, given a padded tensor and perhaps a first state.
        saved: the tensors among its inputs.
        gradients: at the output and the last state(s).

    Raises:
        InvalidInput: packed sequences, projections, or dropout between the layers.
    """
    module = call.place.module
    if not isinstance(module, nn.RNNBase) or module.proj_size or saved[0].dim() != 3:
        raise InvalidInput("engine.recurrent", module=call.place.name)
    if module.dropout and module.training and module.num_layers > 1:
        raise InvalidInput("engine.recurrent", module=call.place.name)
    first = 0 if module.batch_first else 1
    with torch.enable_grad():
        outs, gates = _run(module, saved[0].movedim(first, 0).float(), [s.float() for s in saved[1:]])
        present = [(out, g) for out, g in zip(outs, gradients, strict=True) if g is not None]
        given = [g.movedim(first, 0).float() if out is outs[0] else g.float() for out, g in present]
        found = torch.autograd.grad(
            [out for out, _ in present],
            [leaf for gate, _ in gates for leaf in gate.leaves],
            given,
            materialize_grads=True,
        )
    for at, (gate, times) in enumerate(gates):
        yield from gate.gradients(found[2 * at], found[2 * at + 1], times, patients)


def _run(
    module: nn.RNNBase, x: Tensor, states: list[Tensor]
) -> tuple[list[Tensor], list[tuple[Gates, list[int]]]]:
    """Return output (records first) and last states, and the gates of every layer and direction."""
    ways = 2 if module.bidirectional else 1
    count = 2 if isinstance(module, nn.LSTM) else 1
    if not states:
        states = [x.new_zeros(module.num_layers * ways, len(x), module.hidden_size) for _ in range(count)]
    last: list[list[Tensor]] = []
    gates = []
    for layer in range(module.num_layers):
        sides = []
        for way in range(ways):
            gate = Gates(module, f"_l{layer}" + "_reverse" * way, x)
            times = list(range(x.shape[1]))[:: -1 if way else 1]
            state = [each[layer * ways + way] for each in states]
            steps = []
            for t in times:
                state = _step(module, *gate.at(t, state[0]), state)
                steps.append(state[0])
            sides.append(torch.stack(steps[:: -1 if way else 1], 1))
            last.append(state)
            gates.append((gate, times))
        x = torch.cat(sides, -1)
    return [x, *(torch.stack([each[k] for each in last]) for k in range(count))], gates


def _step(module: nn.RNNBase, given: Tensor, hidden: Tensor, state: list[Tensor]) -> list[Tensor]:
    """Return the next state, by torch's formulas for the three kinds."""
    if isinstance(module, nn.LSTM):
        i, f, g, o = (given + hidden).chunk(4, 1)
        c = f.sigmoid() * state[1] + i.sigmoid() * g.tanh()
        return [o.sigmoid() * c.tanh(), c]
    if isinstance(module, nn.GRU):
        (r, z, n), (hr, hz, hn) = given.chunk(3, 1), hidden.chunk(3, 1)
        z = (z + hz).sigmoid()
        return [(1 - z) * (n + (r + hr).sigmoid() * hn).tanh() + z * state[0]]
    both = given + hidden
    return [both.relu() if getattr(module, "nonlinearity", "tanh") == "relu" else both.tanh()]


def records_of(call: Call, at: int, gradient: Tensor) -> Tensor:
    """Return the gradient at output `at` of any call with the records in front."""
    module = call.place.module
    second = isinstance(module, nn.RNNBase) and (at > 0 or not module.batch_first)
    second |= isinstance(module, nn.MultiheadAttention) and at == 0 and not module.batch_first
    return gradient.movedim(1, 0) if second else gradient
