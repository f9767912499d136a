"""`PrivateTrainer`: the Trainer of transformers, training privately under one charge of a ledger.

Guarantee: the charge is durable before the first gradient and refused if it is over; the released weights are
(ε, δ)-differentially private per patient; callbacks, logs and files see step, learning rate and ε, nothing that was
computed from records and not paid for. The loop is that of `confide.train.loop`. Knows the ledger as an argument.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from transformers import Trainer, TrainerState, TrainingArguments
from transformers.trainer_utils import TrainOutput

from confide.dp.noise import Noise
from confide.errors import InvalidInput
from confide.train.banded import Bands
from confide.train.card import model_card
from confide.train.charged import ChargeLike, LedgerLike, TrainingPlan
from confide.train.checkpoint import read_checkpoint, write_checkpoint
from confide.train.engine import Engine
from confide.train.loop import load_weights, weights_to_json, write_gradient
from confide.train.losses import longest, record_losses
from confide.train.privacy import PrivacyPlan
from confide.train.sampling import Groups, group
from confide.train.saved import keep_card
from confide.types import Json

LARGEST_RELEASE = 1 << 28  # bytes of weights that a ledger keeps
# settings of TrainingArguments that would show, or depend on, what nobody paid for
_REFUSED = (
    ("fp16", False), ("eval_strategy", "no"), ("load_best_model_at_end", False), ("label_smoothing_factor", 0.0),
    ("push_to_hub", False), ("auto_find_batch_size", False), ("neftune_noise_alpha", None),
)  # fmt: skip


class PrivateTrainer(Trainer):  # type: ignore[misc]
    """Train a transformers, peft or plain torch model under one charge.

    Args:
        model: whose parameters with `requires_grad` are trained.
        args: of transformers. `per_device_train_batch_size` is how many records go through the model at once;
            epochs, accumulation and gradient clipping are set by `privacy` instead.
        train_dataset: records as dictionaries, by number.
        patient: the key of a record under which its patient's id stands.
        privacy: what is paid for.
        ledger: from `confide.open_ledger()`.
        account: whose patients they are.
        study: whose allowance pays.
        name: of the release.
        loss: (model, batch) to one loss per record; None for the usual heads (`confide.train.losses`).
        commitment: keyed digest of the records, as hex, so that a release is not shown for other records.
        checkpoint_key: 32 bytes that seal checkpoints every `save_steps`; None keeps none.
        others: `data_collator`, `processing_class`, `optimizers`, `callbacks` as in transformers.

    Raises:
        InvalidInput: a setting that shows, or depends on, what nobody paid for.
    """

    optimizer: Any
    lr_scheduler: Any
    control: Any

    def __init__(
        self,
        model: nn.Module,
        args: TrainingArguments | None = None,
        *,
        train_dataset: Sequence[dict[str, Any]],
        patient: str,
        privacy: PrivacyPlan,
        ledger: LedgerLike,
        account: str,
        study: str = "training",
        name: str = "model",
        loss: Callable[[nn.Module, dict[str, Tensor]], Tensor] | None = None,
        commitment: str = "",
        checkpoint_key: bytes | None = None,
        **others: Any,
    ) -> None:
        args = args or TrainingArguments(output_dir=name)
        for setting, wanted in _REFUSED:
            if (found := getattr(args, setting, wanted)) != wanted:
                raise InvalidInput("privacy.setting", field=setting, found=found)
        if args.world_size > 1 or args.n_gpu > 1:
            raise InvalidInput("privacy.setting", field="n_gpu", found=max(args.world_size, args.n_gpu))
        privacy.verify_physical(args.per_device_train_batch_size)
        if privacy.bands > 1 and checkpoint_key is not None:
            raise InvalidInput("privacy.banded", field="checkpoint_key", found="32 bytes")
        super().__init__(model=model, args=args, train_dataset=train_dataset, **others)
        self.privacy, self.account, self.study, self.name = privacy, account, study, name
        self.release: Json | None = None
        self._patient, self._ledger, self._commitment = patient, ledger, commitment
        self._record_losses, self._key = loss or record_losses, checkpoint_key
        self._given = self.optimizer is not None
        self._optimiser = type(self.optimizer).__name__ if self._given else str(self.args.optim)
        self._open: tuple[ExitStack, ChargeLike] | None = None
        self._sequence: int | None = None
        self._sealed: int | None = None  # the charge of which a checkpoint was written

    def plan(self) -> TrainingPlan:
        """Return what is charged: the privacy plan and the public constants of the recipe."""
        trained = [(n, p) for n, p in self.model.named_parameters() if p.requires_grad]
        recipe = {
            "model": type(self.model).__name__,
            "trained_parameters": sum(p.numel() for _, p in trained),
            "learning_rate": repr(self.args.learning_rate),
            "schedule": str(getattr(self.args.lr_scheduler_type, "value", self.args.lr_scheduler_type)),
            "warmup": repr(self.args.warmup_steps),
            "optimiser": self._optimiser,
            "bf16": self.args.bf16,
            "seed": self.args.seed,
        }
        return TrainingPlan(
            name=self.name,
            privacy=self.privacy,
            recipe=tuple((key, str(each)) for key, each in recipe.items()),
        )

    def train(self, resume_from_checkpoint: str | bool | None = None, **_: Any) -> TrainOutput:
        """Train, or put a committed release of the same plan back, which costs nothing.

        Args:
            resume_from_checkpoint: True, or the folder of a checkpoint. In the process whose training was
                interrupted the charge goes on; after that, the rest is charged anew (promise 1).

        Raises:
            BudgetExceeded: the account or the study has too little left; no gradient was computed.
            InvalidInput: records, settings or model that cannot be trained; a checkpoint of another plan.
        """
        plan = self.plan()
        there = self._ledger.released(plan, **self._whose)
        if there is not None:
            load_weights(self.model, there)
            self.release, self._sequence = there, there["charge"]
            keep_card(self.model, self.card())
            return self._output(there["steps"])
        groups = self._groups()
        if (
            sum(p.numel() * p.element_size() for p in self.model.parameters() if p.requires_grad)
            > LARGEST_RELEASE
        ):
            raise InvalidInput("privacy.too-many-weights", most=LARGEST_RELEASE >> 20)
        kept = self._checkpoint(resume_from_checkpoint, plan) if resume_from_checkpoint else None
        if self.args.gradient_checkpointing:
            self.model.gradient_checkpointing_enable(self.args.gradient_checkpointing_kwargs)
        engine = Engine(self.model, clip=self.privacy.clip)
        try:
            charge = self._charge(plan, goes_on=kept is not None)
            steps = self._steps(engine, groups, charge.noise, plan, kept)
        except BaseException:
            if self._sealed != self._sequence:  # nothing to go on from
                self.abandon()
            raise
        finally:
            engine.close()
        told = {**plan.to_json(), "charge": charge.sequence, "steps": steps, **weights_to_json(self.model)}
        self.release = charge.commit(told)
        keep_card(self.model, self.card())
        self.abandon()
        return self._output(steps)

    def abandon(self) -> None:
        """Close the charge that is still open, if any; it stays spent, and nothing can go on from there in it."""
        if self._open is not None:
            self._open[0].close()
        self._open = None

    def save_model(self, output_dir: str | None = None, _internal_call: bool = False) -> None:
        """Write the released model, with its card as README.md; `save_pretrained` of the model writes it too.

        Raises:
            InvalidInput: nothing was released yet (commit before showing).
        """
        if self.release is None:
            raise InvalidInput("privacy.nothing-released")
        super().save_model(output_dir, _internal_call)
        folder = Path(output_dir or self.args.output_dir)
        (folder / "README.md").write_text(self.card(), encoding="utf-8")

    def card(self) -> str:
        """Return the model card: the guarantee in both languages, and all public constants."""
        privacy = self.privacy
        charge = {"account": self.account, "study": self.study, "charge": self._sequence}
        return model_card(
            self.name, unit=privacy.unit, epsilon=privacy.epsilon, delta=privacy.delta,
            constants={**privacy.to_json(), **dict(self.plan().recipe), **charge}, library="transformers",
        )  # fmt: skip

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """Write nothing: figures of the records would stand in that card; `save_model` writes ours."""

    def evaluate(self, *_: Any, **__: Any) -> dict[str, float]:
        """Refuse: figures of held-out patients are patient data, and callbacks would see them.

        Raises:
            InvalidInput: always. `predict` stays, for figures that stay inside.
        """
        raise InvalidInput("privacy.evaluate")

    # inside -----------------------------------------------------------------------------------------

    @property
    def _whose(self) -> dict[str, str]:
        return {"study": self.study, "account": self.account, "commitment": self._commitment}

    def _groups(self) -> Groups:
        """Return the records by patient; refuse what cannot be trained, before anything is charged."""
        records, most = self.train_dataset, longest(self.model)
        ids, too_long = [], False
        for i in range(len(records)):
            record = records[i]
            ids.append(record.get(self._patient))
            too_long |= most is not None and len(record.get("input_ids", ())) > most
        if too_long:
            raise InvalidInput("privacy.too-long", most=most)
        return group(ids, self.privacy)

    def _charge(self, plan: TrainingPlan, *, goes_on: bool) -> ChargeLike:
        if self._open is None or not goes_on:
            self.abandon()
            stack = ExitStack()
            self._open = stack, stack.enter_context(self._ledger.charge(plan, **self._whose))
        self._sequence = self._open[1].sequence
        return self._open[1]

    def _steps(
        self, engine: Engine, groups: Groups, noise: Noise, plan: TrainingPlan, kept: dict[str, Any] | None
    ) -> int:
        """Take the steps with the callbacks around them; return how many were taken."""
        total = self.privacy.steps
        if not self._given:  # nothing of an earlier training stays
            self.optimizer = self.lr_scheduler = None
        self.create_optimizer_and_scheduler(num_training_steps=total)
        self._start(total, kept)
        keys = self._columns()
        collate, device = self.data_collator, self.args.device

        def loss(model: nn.Module, records: list[dict[str, Any]]) -> Tensor:
            batch = collate([{k: v for k, v in each.items() if k in keys} for each in records])
            inputs = {key: each.to(device) for key, each in batch.items() if isinstance(each, Tensor)}
            with torch.autocast(device.type, dtype=torch.bfloat16, enabled=self.args.bf16):
                return self._record_losses(model, inputs)

        told, physical = self.callback_handler, self.args.per_device_train_batch_size
        bands = Bands(groups, self.privacy, noise) if self.privacy.bands > 1 else None
        self.model.train()
        self.control = told.on_train_begin(self.args, self.state, self.control)
        while self.state.global_step < total and not self.control.should_training_stop:
            self.control = told.on_step_begin(self.args, self.state, self.control)
            write_gradient(
                engine, self.model, self.train_dataset, groups, loss, self.privacy, noise, physical, bands
            )
            self.optimizer.step()
            self.lr_scheduler.step()
            self.state.global_step += 1
            self.state.epoch = self.state.global_step * self.privacy.share
            self.control = told.on_step_end(self.args, self.state, self.control)
            self._tell(plan)
        self.optimizer.zero_grad()
        self.control = told.on_train_end(self.args, self.state, self.control)
        return int(self.state.global_step)

    def _start(self, total: int, kept: dict[str, Any] | None) -> None:
        self.state = TrainerState(
            is_local_process_zero=True, is_world_process_zero=True, max_steps=total,
            num_train_epochs=max(1, round(total * self.privacy.share)),
        )  # fmt: skip
        self.state.compute_steps(self.args, total)
        self.control = type(self.control)()
        self.callback_handler.model = self.model
        self.callback_handler.optimizer, self.callback_handler.lr_scheduler = (
            self.optimizer,
            self.lr_scheduler,
        )
        if kept is not None:
            load_weights(self.model, kept["weights"])
            self.optimizer.load_state_dict(kept["optimiser"])
            self.lr_scheduler.load_state_dict(kept["schedule"])
            self.state.global_step = kept["step"]

    def _tell(self, plan: TrainingPlan) -> None:
        """Do what the flow asks for: log what was paid for, seal a checkpoint."""
        if self.control.should_log:
            rate = self.lr_scheduler.get_last_lr()[0]
            self.control.should_log = False
            self.log({"learning_rate": float(rate), "epsilon": self.privacy.epsilon})
        if self.control.should_save and self._key is not None:
            self.control.should_save = False
            state = {
                "step": self.state.global_step,
                "weights": weights_to_json(self.model),
                "optimiser": self.optimizer.state_dict(),
                "schedule": self.lr_scheduler.state_dict(),
            }
            write_checkpoint(Path(self.args.output_dir), self._key, plan.to_json(), state)
            self._sealed = self._sequence

    def _checkpoint(self, asked: str | bool, plan: TrainingPlan) -> dict[str, Any]:
        if self.privacy.bands > 1:  # its noise takes back that of steps which nobody kept
            raise InvalidInput("privacy.banded", field="resume_from_checkpoint", found=True)
        if self._key is None:
            raise InvalidInput("privacy.checkpoint-key")
        path = Path(self.args.output_dir if asked is True else str(asked))
        return read_checkpoint(path, self._key, plan.to_json())

    def _columns(self) -> set[str]:
        """Return the keys of a record that go into a batch."""
        if not self.args.remove_unused_columns:
            return {key for i in range(min(1, len(self.train_dataset))) for key in self.train_dataset[i]} - {
                self._patient
            }
        self._set_signature_columns_if_needed()
        return {*self._signature_columns, "labels"} - {self._patient}

    def _output(self, steps: int) -> TrainOutput:
        return TrainOutput(
            steps, float("nan"), {"epsilon": self.privacy.epsilon, "delta": self.privacy.delta}
        )
