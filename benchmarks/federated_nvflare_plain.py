"""NVFlare's own federated averaging, as its engine plays it: one vector out, each site's vector back. For `federated_nvflare`.

The engine's controller, its tasks and its serialisation; sites return a vector at hand; nothing is stored.
"""

import json
import time
from pathlib import Path

import numpy as np
from nvflare.apis.executor import Executor
from nvflare.app_common.abstract.fl_model import FLModel
from nvflare.app_common.app_event_type import AppEventType
from nvflare.app_common.utils.fl_model_utils import FLModelUtils
from nvflare.app_common.workflows.fedavg import FedAvg


def update_of(at: int, length: int) -> np.ndarray:
    return np.random.default_rng(at).standard_normal(length, dtype=np.float32)


def _plan(fl_ctx) -> tuple[dict, Path]:
    local = Path(fl_ctx.get_prop("__workspace_object__").get_site_config_dir())
    folder = Path(json.loads((local / "confide.json").read_text())["folder"])
    return json.loads((folder / "plan.json").read_text()), folder


class PlainHub(FedAvg):
    """FedAvg with a clock, and without a file for the model."""

    def __init__(self, length: int, sites: int, rounds: int) -> None:
        model = {"numbers": np.zeros(length, dtype=np.float32)}
        super().__init__(num_clients=sites, num_rounds=rounds, model=model)
        self.began: list[float] = []

    def run(self) -> None:
        """Play, and write down how long each round took."""
        super().run()
        self._mark()
        _, folder = _plan(self.fl_ctx)
        (folder / "plain.json").write_text(json.dumps(np.diff(self.began).tolist()))

    def event(self, event_type: str) -> None:
        """Take the time where a round begins."""
        if event_type == AppEventType.ROUND_STARTED:
            self._mark()
        super().event(event_type)

    def save_model(self, model) -> None:
        """Store nothing."""

    def _mark(self) -> None:
        self.began.append(time.perf_counter())


class PlainSite(Executor):
    """Returns its vector, which it makes once."""

    def __init__(self) -> None:
        super().__init__()
        self.vector: np.ndarray | None = None

    def execute(self, task_name, shareable, fl_ctx, abort_signal):
        """Answer with the vector."""
        plan, _ = _plan(fl_ctx)
        if self.vector is None:
            self.vector = update_of(plan["at"], plan["length"])
        given = FLModelUtils.from_shareable(shareable)
        if len(given.params["numbers"]) != plan["length"]:
            raise ValueError("another model came")
        return FLModelUtils.to_shareable(FLModel(params={"numbers": self.vector}))
