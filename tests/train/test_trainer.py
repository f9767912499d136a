"""PrivateTrainer keeps the promises of a charge: one, before the first gradient, and nothing unpaid is ever shown."""

import copy
import json
import math

import pytest
import torch
from peft import LoraConfig, get_peft_model
from train_books import entries, ledger
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    TrainerCallback,
    TrainingArguments,
)

from confide.errors import BudgetExceeded, IntegrityError, InvalidInput
from confide.train.losses import record_losses
from confide.train.privacy import PrivacyPlan
from confide.train.trainer import PrivateTrainer

WORDS, LONG = 50, 16
KEY = bytes(range(32))


def gpt(**changes):
    torch.manual_seed(0)
    return GPT2LMHeadModel(
        GPT2Config(vocab_size=WORDS, n_positions=LONG, n_embd=16, n_layer=2, n_head=2, **changes)
    )


def llama():
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=WORDS, hidden_size=16, intermediate_size=32, num_hidden_layers=2, num_attention_heads=2,
            num_key_value_heads=2, max_position_embeddings=LONG,
        )
    )  # fmt: skip


def lora():
    return get_peft_model(
        llama(), LoraConfig(r=2, target_modules=["q_proj", "v_proj"], task_type="CAUSAL_LM")
    )


def bert(kind, labels=3):
    torch.manual_seed(0)
    return kind(
        BertConfig(
            vocab_size=WORDS, hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
            max_position_embeddings=LONG, num_labels=labels,
        )
    )  # fmt: skip


def notes(patients=12, each=2, long=8):
    rng = torch.Generator().manual_seed(1)
    found = []
    for i in range(patients * each):
        ids = torch.randint(0, WORDS, (long,), generator=rng).tolist()
        found.append(
            {"patient_id": f"p{i % patients}", "input_ids": ids, "labels": ids, "attention_mask": [1] * long}
        )
    return found


def plan(**changes):
    return PrivacyPlan(
        **{
            "epsilon": 3.0,
            "delta": 1e-8,
            "expected_batch": 8,
            "steps": 3,
            "patients": 40,
            "max_records": 2,
            **changes,
        }
    )


def args(folder, **changes):
    return TrainingArguments(
        **{
            "output_dir": str(folder), "per_device_train_batch_size": 8, "learning_rate": 1e-2, "report_to": "none",
            "use_cpu": True, "disable_tqdm": True, "logging_steps": 1, "save_strategy": "no", **changes,
        }
    )  # fmt: skip


def trainer(folder, books=None, model=None, data=None, privacy=None, settings=None, **more):
    return PrivateTrainer(
        model or gpt(), args(folder, **(settings or {})), train_dataset=notes() if data is None else data,
        patient="patient_id", privacy=privacy or plan(), ledger=books or ledger(), account="inpatients", **more,
    )  # fmt: skip


class Watcher(TrainerCallback):
    def __init__(self):
        self.logs, self.states, self.begun = [], [], 0

    def on_step_begin(self, args, state, control, **kwargs):
        self.begun += 1

    def on_log(self, args, state, control, logs=None, **kwargs):
        self.logs.append(dict(logs))

    def on_train_end(self, args, state, control, **kwargs):
        self.states.append(json.dumps(state.log_history))


# one charge, before the first gradient


@pytest.mark.parametrize("build", [gpt, llama, lora])
def test_a_run_is_one_charge_and_one_release(tmp_path, build):
    books = ledger()
    run = trainer(tmp_path, books, model=build())
    before = {n: p.detach().clone() for n, p in run.model.named_parameters()}
    done = run.train()
    assert len(entries(books, "charge")) == len(entries(books, "commit")) == 1
    assert entries(books, "charge")[0].body["plan"] == json.loads(json.dumps(run.plan().to_json()))
    assert done.global_step == 3
    assert math.isnan(done.training_loss)  # nobody paid for it
    changed = {n for n, p in run.model.named_parameters() if not torch.equal(p, before[n])}
    assert changed == {n for n, p in run.model.named_parameters() if p.requires_grad}


def test_a_run_that_is_over_the_budget_is_refused_before_the_first_gradient(tmp_path):
    books, watcher = ledger(epsilon=2.0), Watcher()
    run = trainer(tmp_path, books, callbacks=[watcher])
    before = run.model.transformer.wte.weight.detach().clone()
    with pytest.raises(BudgetExceeded):
        run.train()
    assert watcher.begun == 0
    assert entries(books, "charge") == []
    assert torch.equal(run.model.transformer.wte.weight, before)


def test_a_committed_release_is_put_back_and_costs_nothing(tmp_path):
    books = ledger()
    first, again = trainer(tmp_path, books), trainer(tmp_path, books)
    first.train()
    again.train()
    assert len(entries(books, "charge")) == 1
    for ours, theirs in zip(first.model.parameters(), again.model.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_two_plans_are_two_charges(tmp_path):
    books = ledger()
    trainer(tmp_path, books).train()
    trainer(tmp_path, books, privacy=plan(steps=4)).train()
    assert len(entries(books, "charge")) == 2


# what is shown


def test_callbacks_see_step_learning_rate_and_epsilon_alone(tmp_path):
    watcher = Watcher()
    trainer(tmp_path, callbacks=[watcher]).train()
    assert len(watcher.logs) == 3
    for logs in watcher.logs:
        assert set(logs) == {"learning_rate", "epsilon", "epoch"}
        assert logs["epsilon"] == 3.0
    shown = "".join(watcher.states)
    assert "loss" not in shown
    assert "grad" not in shown


@pytest.mark.parametrize("number", [1, 12, 24])
def test_what_is_logged_is_the_same_whatever_the_records_are(tmp_path, number):
    watcher = Watcher()
    trainer(tmp_path, data=notes(number, 1), callbacks=[watcher]).train()
    shown = list(watcher.logs)
    other = Watcher()
    trainer(tmp_path, data=notes(5, 3), callbacks=[other]).train()
    assert shown == other.logs


def test_a_tensorboard_file_holds_step_rate_and_epsilon_and_no_figure_of_a_record(tmp_path, monkeypatch):
    pytest.importorskip("tensorboard", reason="TensorBoard is optional: pip install tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    written = []
    for number, data in enumerate((notes(24, 1), notes(5, 3))):
        folder = tmp_path / str(number)
        monkeypatch.setenv("TENSORBOARD_LOGGING_DIR", str(folder / "runs"))
        trainer(folder, data=data, settings={"report_to": "tensorboard"}).train()
        (file,) = folder.rglob("events.out.tfevents.*")
        events = EventAccumulator(str(file)).Reload()
        scalars = {tag: [(e.step, e.value) for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
        assert set(scalars) == {"train/learning_rate", "train/epsilon", "train/epoch"}
        assert [step for step, _ in scalars["train/epsilon"]] == [1, 2, 3]
        assert {value for _, value in scalars["train/epsilon"]} == {3.0}
        assert not any(events.Tags()[kind] for kind in ("images", "audio", "histograms", "graph"))
        texts = events.Tags()["tensors"]
        assert {tag.partition("/")[0] for tag in texts} <= {"args", "model_config"}  # public settings
        written.append(scalars)
    assert written[0] == written[1]  # whatever the records are


def test_the_progress_bar_counts_the_steps_of_the_plan_and_shows_no_loss(tmp_path, capsys):
    trainer(tmp_path, settings={"disable_tqdm": False}).train()
    shown = "".join(capsys.readouterr())
    assert "3/3" in shown
    assert "epsilon" in shown
    assert "loss" not in shown


def test_a_model_is_written_with_its_card_and_only_after_the_commit(tmp_path):
    run = trainer(tmp_path, model=lora())
    with pytest.raises(InvalidInput, match="nothing has been released"):
        run.save_model(str(tmp_path / "out"))
    run.train()
    run.save_model(str(tmp_path / "out"))
    card = (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert "(ε = 3, δ = 1e-08)" in card
    assert "差分隐私" in card
    assert "differentially private" in card
    assert "inpatients" in card
    assert (tmp_path / "out" / "adapter_model.safetensors").exists()


def test_a_released_model_writes_its_card_by_its_own_save_pretrained_whatever_becomes_of_it(tmp_path):
    books = ledger()
    run = trainer(tmp_path, books, model=lora())
    run.train()
    card, copied = run.card(), copy.deepcopy(run.model)
    again = trainer(tmp_path, books, model=lora())
    again.train()  # put back
    saved = {
        "peft": run.model, "put back": again.model, "copied": copied, "merged": run.model.merge_and_unload(),
    }  # fmt: skip
    for name, model in saved.items():
        model.save_pretrained(tmp_path / name)
        assert (tmp_path / name / "README.md").read_text(encoding="utf-8") == card
    assert len(entries(books, "charge")) == 1
    torch.save(saved["merged"], tmp_path / "whole.pt")
    assert torch.load(tmp_path / "whole.pt", weights_only=False).config.vocab_size == WORDS


def test_a_model_that_is_not_released_writes_no_card(tmp_path):
    run = trainer(tmp_path, model=gpt(), loss=lambda model, inputs: model(**inputs).loss)
    with pytest.raises(InvalidInput):
        run.train()
    run.model.save_pretrained(tmp_path / "none")
    assert not (tmp_path / "none" / "README.md").exists()


def test_figures_of_held_out_patients_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="held-out"):
        trainer(tmp_path).evaluate()


@pytest.mark.parametrize(
    "settings",
    [
        {"eval_strategy": "steps", "eval_steps": 1},
        {"label_smoothing_factor": 0.1},
        {"push_to_hub": True},
        {"neftune_noise_alpha": 1.0},
    ],
)
def test_settings_that_show_what_nobody_paid_for_are_refused(tmp_path, settings):
    with pytest.raises(InvalidInput) as refused:
        trainer(tmp_path, settings=settings, eval_dataset=notes(1, 1))
    assert refused.value.code == "privacy.setting"


# bad input


def test_a_record_without_a_patient_is_refused_before_the_charge(tmp_path):
    books, data = ledger(), notes()
    del data[3]["patient_id"]
    with pytest.raises(InvalidInput, match="no patient id"):
        trainer(tmp_path, books, data=data).train()
    assert entries(books, "charge") == []


def test_a_record_longer_than_the_model_is_refused_before_the_charge(tmp_path):
    books = ledger()
    with pytest.raises(InvalidInput, match="longer than the 16 tokens") as refused:
        trainer(tmp_path, books, data=[*notes(), *notes(1, 1, LONG + 1)]).train()
    assert "max_length=16" in refused.value.hint
    assert entries(books, "charge") == []


def test_a_physical_batch_too_small_for_one_patient_is_refused_before_the_charge(tmp_path):
    books = ledger()
    with pytest.raises(InvalidInput, match="physical batch of 8 cannot hold the 16 records"):
        trainer(tmp_path, books, privacy=plan(max_records=16))
    assert entries(books, "charge") == []


def test_a_loss_that_is_the_models_own_mean_is_refused(tmp_path):
    books = ledger()
    run = trainer(tmp_path, books, loss=lambda model, inputs: model(**inputs).loss)
    with pytest.raises(InvalidInput, match="one number per record"):
        run.train()
    assert [each.body["charge"] for each in entries(books, "abandon")] == [
        each.sequence for each in entries(books, "charge")
    ]  # it stays spent


def test_a_budget_of_a_hundredth_is_refused_with_what_to_do():
    with pytest.raises(InvalidInput) as refused:
        plan(epsilon=0.01)
    assert "ask for 1 to 8" in refused.value.hint


# losses of one record each


def losses(model, records):
    batch = {k: torch.tensor([r[k] for r in records]) for k in records[0] if k != "patient_id"}
    model.eval()
    return record_losses(model, batch)


def classified(labels):
    return [{**each, "labels": labels[i % len(labels)]} for i, each in enumerate(notes())]


def tagged():
    return [{**each, "labels": [-100, *(t % 3 for t in each["input_ids"][1:])]} for each in notes()]


@pytest.mark.parametrize(
    ("model", "records"),
    [
        (gpt, notes()),
        (llama, notes()),
        (lambda: bert(BertForSequenceClassification), classified([0, 1, 2])),
        (lambda: bert(BertForSequenceClassification, 1), classified([0.5, 2.0])),
        (lambda: bert(BertForSequenceClassification), classified([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])),
        (lambda: bert(BertForTokenClassification), tagged()),
    ],
)
def test_the_loss_of_a_record_is_what_transformers_says_of_it_alone(model, records):
    """Trap 1: the loss of transformers is a mean over the batch's tokens."""
    net = model()
    together = losses(net, records[:4])
    for i in range(4):
        alone = net(**{k: torch.tensor([records[i][k]]) for k in records[i] if k != "patient_id"}).loss
        torch.testing.assert_close(together[i], alone, rtol=1e-4, atol=1e-5)


def test_a_records_loss_does_not_change_with_the_padding_of_others():
    short = {"input_ids": [3, 4, 5], "labels": [3, 4, 5], "attention_mask": [1, 1, 1]}
    padded = {
        "input_ids": [3, 4, 5, 0, 0],
        "labels": [3, 4, 5, -100, -100],
        "attention_mask": [1, 1, 1, 0, 0],
    }
    net = gpt()
    torch.testing.assert_close(losses(net, [short])[0], losses(net, [padded])[0], rtol=1e-4, atol=1e-5)


def test_a_records_loss_does_not_change_with_the_number_of_labels_of_others():
    """Trap 1: in a mean over the batch's tokens a record weighs more when the others become shorter."""
    ids, seen = [3, 4, 5, 6, 7], [1] * 5
    full = {"input_ids": ids, "labels": ids, "attention_mask": seen}
    short = {"input_ids": ids, "labels": [-100, -100, -100, 6, 7], "attention_mask": seen}
    net = gpt()
    together = losses(net, [full, short])
    torch.testing.assert_close(together[0], losses(net, [full])[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(together[1], losses(net, [short])[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("kind", [BertForSequenceClassification, BertForTokenClassification])
def test_classifiers_train(tmp_path, kind):
    data = classified([0, 1, 2]) if kind is BertForSequenceClassification else tagged()
    books = ledger()
    trainer(tmp_path, books, model=bert(kind), data=data).train()
    assert len(entries(books, "commit")) == 1


@pytest.mark.parametrize("settings", [{"bf16": True}, {"gradient_checkpointing": True}])
def test_bf16_and_gradient_checkpointing_train(tmp_path, settings):
    if "gradient_checkpointing" in settings:
        settings = settings | {"gradient_checkpointing_kwargs": {"use_reentrant": False}}
    assert trainer(tmp_path, settings=settings).train().global_step == 3


# checkpoints


class Stop(TrainerCallback):
    def __init__(self, at):
        self.at = at

    def on_step_begin(self, args, state, control, **kwargs):
        if state.global_step == self.at:
            self.at = -1
            raise KeyboardInterrupt


SAVING = {"save_strategy": "steps", "save_steps": 1}


def interrupted(folder, books, **more):
    run = trainer(folder, books, settings=SAVING, checkpoint_key=KEY, callbacks=[Stop(2)], **more)
    with pytest.raises(KeyboardInterrupt):
        run.train()
    return run


def test_in_the_same_process_an_interrupted_training_goes_on_in_its_charge(tmp_path):
    books = ledger()
    run = interrupted(tmp_path, books)
    assert run.train(resume_from_checkpoint=True).global_step == 3
    assert len(entries(books, "charge")) == len(entries(books, "commit")) == 1


def test_after_the_process_ended_the_rest_is_charged_anew(tmp_path):
    """Promise 1: after a kill an uncommitted plan is charged anew with fresh noise."""
    books = ledger()
    interrupted(tmp_path, books)
    again = trainer(tmp_path, books, settings=SAVING, checkpoint_key=KEY)
    watcher = Watcher()
    again.add_callback(watcher)
    again.train(resume_from_checkpoint=True)
    assert watcher.begun == 1  # two of three steps were there
    assert len(entries(books, "charge")) == 2
    assert len(entries(books, "commit")) == 1


def test_resuming_without_budget_for_a_second_charge_is_refused(tmp_path):
    books = ledger(epsilon=4.0)
    interrupted(tmp_path, books)
    with pytest.raises(BudgetExceeded):
        trainer(tmp_path, books, settings=SAVING, checkpoint_key=KEY).train(resume_from_checkpoint=True)


def test_resuming_with_another_plan_is_refused(tmp_path):
    books = ledger()
    interrupted(tmp_path, books)
    other = trainer(tmp_path, books, settings=SAVING, checkpoint_key=KEY, privacy=plan(steps=5))
    with pytest.raises(InvalidInput, match="another plan"):
        other.train(resume_from_checkpoint=True)
    assert len(entries(books, "charge")) == 1


def test_a_checkpoint_is_sealed_and_holds_nothing_without_its_key(tmp_path):
    books = ledger()
    interrupted(tmp_path, books)
    sealed = (tmp_path / "training.sealed").read_bytes()
    assert b"wte" not in sealed
    assert [each.name for each in tmp_path.iterdir()] == ["training.sealed"]
    other = trainer(tmp_path, books, settings=SAVING, checkpoint_key=bytes(32))
    with pytest.raises(IntegrityError):
        other.train(resume_from_checkpoint=True)


def test_a_checkpoint_that_is_not_there_and_a_key_that_is_not_given_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="in that folder"):
        trainer(tmp_path, checkpoint_key=KEY).train(resume_from_checkpoint=True)
    with pytest.raises(InvalidInput, match="key"):
        trainer(tmp_path).train(resume_from_checkpoint=True)


def test_a_training_with_banded_noise_cannot_go_on_from_a_checkpoint(tmp_path):
    """Its noise takes back that of the steps before; drawn afresh beside them, it would be another mechanism."""
    banded = plan(bands=2)
    with pytest.raises(InvalidInput, match="checkpoint_key"):
        trainer(tmp_path, privacy=banded, checkpoint_key=KEY)
    with pytest.raises(InvalidInput, match="resume_from_checkpoint"):
        trainer(tmp_path, privacy=banded).train(resume_from_checkpoint=True)
    run = trainer(tmp_path, privacy=banded)
    assert run.train().global_step == 3
    assert run.release["privacy"]["bands"] == 2


def test_without_a_key_nothing_is_written_while_training(tmp_path):
    trainer(tmp_path, settings=SAVING).train()
    assert list(tmp_path.iterdir()) == []


def test_an_abandoned_training_cannot_go_on_in_its_charge(tmp_path):
    books = ledger()
    run = interrupted(tmp_path, books)
    run.abandon()
    run.train(resume_from_checkpoint=True)
    assert len(entries(books, "charge")) == 2
