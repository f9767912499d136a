"""The plan of made-up notes: a language model learns from notes, differentially private per patient, and new ones are drawn.

Guarantee: that of `confide.train.loop`, for every patient with all of that patient's notes; how many notes are drawn, of
which class and under which seed is public, so drawing adds nothing. A private model bounds what one patient changes; it does
not make each sentence harmless. What they repeat of real notes: `confide.tasks.synthetic_notes`.
"""

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.tasks.diagnose import cases_of, guessed
from confide.tasks.notes import PATIENT, TEXT, labelled
from confide.tasks.notes_section import NotesSection
from confide.tasks.plan import TaskPlan
from confide.tasks.public import NO_PUBLIC, Public
from confide.tasks.rehearsal import MADE_UP, Rehearsal
from confide.tasks.releases import released
from confide.tasks.reports import begun, constants_of, fresh, loss_of, protection, public_notes, train
from confide.tasks.scores import class_report
from confide.tasks.synthetic_notes import alike, shared_with
from confide.types import Json, Progress, no_progress

if TYPE_CHECKING:
    from torch import nn

    from confide.tasks.language import Example, Tongue

SEED = 0  # of the drawing: public, it protects nobody
TEMPERATURE = 0.8
# Of the classifiers that are compared inside; nothing of them is looked for on patients.
_EPOCHS, _RATE = 20, 4.0


def made_up_plan(settings: NotesSection, public: Public = NO_PUBLIC) -> TaskPlan:
    """Return what will be trained, how many notes are drawn and what it costs; drawing costs nothing more."""
    return TaskPlan(
        settings=settings, kind="notes", protection=protection(settings),
        columns=frozenset({TEXT} if settings.target is None else {TEXT, settings.target}),
        constants=constants_of(public), public=public, release=_release,
    )  # fmt: skip


def _release(plan: TaskPlan, data: pl.DataFrame, noise: Noise, progress: Progress) -> Json:
    settings: NotesSection = plan.settings
    model, tongue = begun(settings, plan.public, progress)
    patients, examples = examples_of(settings, tongue, data)
    weights = train(model, settings, loss_of(settings, tongue), examples, patients, noise, progress)
    keys = ["tasks.note-unit", "made-up.note-drawn", "made-up.note-read", "train.note-held-out"]
    return {
        **released(plan.to_json(), protection(settings)),
        "weights": weights,
        "made_up": drawn_from(model, tongue, settings),
        "notes": [*({"key": key} for key in keys), *public_notes(plan.public)],
    }


def examples_of(
    settings: NotesSection, tongue: "Tongue", data: pl.DataFrame
) -> "tuple[list[str], list[Example]]":
    """Return (patients, examples) of the notes that have a patient, a text and, if classes are wanted, a listed one."""
    from confide.tasks.language import example

    lengths = {"most_given": settings.most_given, "most_written": settings.most_written}
    rows = _rows(settings, data)
    return [who for who, _, _ in rows], [example(tongue, given, text, **lengths) for _, given, text in rows]


def drawn_from(
    model: "nn.Module",
    tongue: "Tongue",
    settings: NotesSection,
    *,
    seed: int = SEED,
    temperature: float = TEMPERATURE,
) -> list[Json]:
    """Return `settings.count` made-up notes, each with its class, from a model that was trained with `settings`.

    Args:
        model: the trained one; nothing of it changes.
        tongue: its words.
        settings: how many of which class.
        seed: of the drawing; it protects nobody.
        temperature: below 1 the likelier words are drawn more often.
    """
    import torch

    from confide.tasks.language import drawn_together

    model.eval()
    found: list[Json] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name, count in settings.wanted:
            texts = drawn_together(
                model, tongue, name, count,
                most_given=settings.most_given, most_written=settings.most_written, temperature=temperature,
            )  # fmt: skip
            found += [{"text": text, "class": name or None} for text in texts]
    return found


def draw_more(release: Json, count: int, *, seed: int) -> list[Json]:
    """Return further made-up notes of a release, which cost nothing more; for each a text and its class.

    Raises:
        InvalidInput: the release is none of made-up notes.
        IntegrityError: its weights are not of its shape.
    """
    model, tongue = model_of(release)
    return drawn_from(model, tongue, dataclasses.replace(settings_of(release), count=count), seed=seed)


def model_of(release: Json) -> "tuple[nn.Module, Tongue]":
    """Return the model of a release, ready to write; raises as `draw_more` does."""
    from confide.train.loop import load_weights

    model, tongue = fresh(settings_of(release))
    load_weights(model, release["weights"])
    model.eval()
    return model, tongue


def settings_of(release: Json) -> NotesSection:
    """Return the public settings that a release was made with.

    Raises:
        InvalidInput: the release is none of made-up notes.
    """
    if release.get("kind") != "notes":
        raise InvalidInput("train.not-a-model", found=release.get("kind"))
    fields: dict[str, Any] = {
        each.name: release[each.name] for each in dataclasses.fields(NotesSection) if each.name in release
    }
    return NotesSection(**{**fields, "classes": tuple(fields["classes"])})


def lines_of(release: Json) -> list[bytes]:
    """Return the made-up notes as JSON lines, each with its number, its class and the guarantee that it stands under."""
    under = {"status": "dp", "epsilon": release["epsilon"], "delta": release["delta"]}
    found = []
    for number, note in enumerate(release["made_up"], start=1):
        of_class = {release["target"]: note["class"]} if release["target"] else {}
        line = {"made_up": number, "text": note["text"], **of_class, **under}
        found.append(json.dumps(line, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
    return found


def evaluate(release: Json, held_out: pl.DataFrame) -> Json:
    """Return how well the model foretells held-out notes: for the inside edition only.

    `loss` is of a token of the text, the mean over patients.
    """
    each = patient_losses(release, held_out)
    return {
        "patients": len(each),
        "records": len(_rows(settings_of(release), held_out)),
        "loss": float(each.mean()) if len(each) else None,
        "status": "identified",
    }


def compare(release: Json, members: pl.DataFrame, held_out: pl.DataFrame) -> Json:
    """Return what made-up notes are good for and what they repeat, beside real ones: for the inside edition only.

    1. Pieces that they share with the notes of the training, and with as much text of held-out patients. 2. How many of their
    groups of three characters stand in held-out notes, beside that of real notes. 3. Where there are classes: a classifier
    that learnt from made-up notes alone, tested on held-out patients, beside one that learnt from real ones.
    """
    settings = settings_of(release)
    made = [note["text"] for note in release["made_up"]]
    training, others = (_rows(settings, side) for side in (members, held_out))
    texts = [[text for _, _, text in side] for side in (training, others)]
    shared = shared_with(made, *texts)
    found: Json = {
        "longest_training": max(shared.with_training, default=None),
        "longest_held_out": max(shared.with_held_out, default=None),
        "shared_training": _mean(shared.with_training),
        "shared_held_out": _mean(shared.with_held_out),
        "alike": alike(made, texts[1]),
        "alike_real": alike(texts[0], texts[1]),
    }
    return {**found, **_usefulness(settings, release, members, held_out)} if settings.target else found


def patient_losses(release: Json, data: pl.DataFrame) -> Floats:
    """Return the mean loss of a token for each patient: patient data, for audits inside."""
    from confide.tasks.learn import mean_losses

    settings = settings_of(release)
    model, tongue = model_of(release)
    patients, examples = examples_of(settings, tongue, data)
    return np.asarray(mean_losses(model, examples, patients, loss_of(settings, tongue)))


def rehearsal(plan: TaskPlan, progress: Progress = no_progress) -> Rehearsal:
    """Return what an audit of the training trains: the public model that it begins with, on made-up notes."""
    from confide.tasks.language import example
    from confide.tasks.speech import speech_of

    settings: NotesSection = plan.settings
    model, tongue = begun(settings, plan.public, progress)
    loss = loss_of(settings, tongue)
    lengths = {"most_given": settings.most_given, "most_written": settings.most_written}
    given = settings.classes[0] if settings.classes else ""
    examples = [example(tongue, given, text, **lengths) for text in MADE_UP]
    return Rehearsal(model, examples, loss, protection(settings), speech_of(settings, tongue, loss))


def _rows(settings: NotesSection, data: pl.DataFrame) -> list[tuple[str, str, str]]:
    """Return (patient, class, text) of the notes that take part, each looked at by itself."""
    if settings.target is None:
        chosen = data.select(pl.col(PATIENT).cast(pl.String), TEXT).drop_nulls()
        return [(who, "", text) for who, text in chosen.iter_rows() if text.strip()]
    rows = zip(*labelled(data, settings.target, settings.classes), strict=True)
    return [(who, settings.classes[place], text) for who, text, place in rows if text and text.strip()]


def _usefulness(settings: NotesSection, release: Json, members: pl.DataFrame, held_out: pl.DataFrame) -> Json:
    """Return how well a class is told on held-out patients after learning from made-up notes, and from real ones."""
    place = {name: at for at, name in enumerate(settings.classes)}
    sides = [[(text, place[name]) for _, name, text in _rows(settings, side)] for side in (members, held_out)]
    made = [(note["text"], place[note["class"]]) for note in release["made_up"]]
    real, test = sides
    if not test or not real:
        return {}
    told = class_report([at for _, at in test], _told(made, test, len(place)), settings.classes)
    plain = class_report([at for _, at in test], _told(real, test, len(place)), settings.classes)
    return {**told, "accuracy_real": plain["accuracy"]}


def _told(learnt: list[tuple[str, int]], asked: list[tuple[str, int]], classes: int) -> list[int]:
    """Return the class of each asked text, by one layer that learnt openly: what this gives is patient data."""
    from confide.tasks import diagnose
    from confide.tasks.learn import descent, learn_openly

    layer = diagnose.fresh(classes)
    cases = cases_of([text for text, _ in learnt], [at for _, at in learnt])
    learn_openly(layer, cases, diagnose.losses, optimiser=descent(layer, _RATE), epochs=_EPOCHS)
    return guessed(layer, cases_of([text for text, _ in asked], [0] * len(asked)))


def _mean(lengths: tuple[int, ...]) -> float | None:
    return sum(lengths) / len(lengths) if lengths else None
