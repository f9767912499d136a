"""AdamW for noisy gradients: what the noise adds to the second moment is taken off again.

Noise of a known variance makes every coordinate look steep, and plain Adam then divides small gradients away. Reads
public constants and the noisy gradient alone, so it costs nothing.
"""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class AdamBC(Optimizer):
    """Adam with decoupled weight decay and bias correction for noise.

    Args:
        params: of the model.
        lr: size of a step.
        noise: standard deviation of the noise in the gradient, `PrivacyPlan.noise_on_gradient`.
        betas: decay of the two moments.
        floor: the least denominator, a share of `noise`: a second moment below it is taken for noise.
        weight_decay: decoupled, as in AdamW.

    Source: Tang, Shpilevskiy, Lécuyer 2023, "DP-AdamBC: Your DP-Adam Is Actually DP-SGD (Unless You Apply Bias
    Correction)", Algorithm 1: √max(v̂ - noise², floor²).
    """

    def __init__(
        self,
        params: Iterable[Any],
        *,
        lr: float,
        noise: float,
        betas: tuple[float, float] = (0.9, 0.999),
        floor: float = 0.1,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay})
        self._variance, self._least = noise**2, max((floor * noise) ** 2, 1e-16)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take one step along the noisy gradients in the parameters; a closure would read data, so none is called."""
        for group in self.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    self._move(parameter, group)

    def _move(self, parameter: Tensor, group: dict[str, Any]) -> None:
        gradient, state = parameter.grad, self.state[parameter]
        assert gradient is not None  # noqa: S101  # looked at by the caller
        if not state:
            state.update(step=0, mean=torch.zeros_like(parameter), square=torch.zeros_like(parameter))
        state["step"] += 1
        slow, slower = group["betas"]
        state["mean"].lerp_(gradient, 1 - slow)
        state["square"].mul_(slower).addcmul_(gradient, gradient, value=1 - slower)
        square = state["square"] / (1 - slower ** state["step"])
        steep = square.sub_(self._variance).clamp_(min=self._least).sqrt_()
        parameter.mul_(1 - group["lr"] * group["weight_decay"])
        parameter.addcdiv_(state["mean"], steep, value=-group["lr"] / (1 - slow ** state["step"]))
