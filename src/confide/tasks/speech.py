"""How an audit plants secrets in a language model: a note with a text, the training of the task, and what the model is asked.

Promise: follows from public settings alone; no record is of a patient. `confide.audit.planted` draws the secrets.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.tasks.notes_section import NotesSection
from confide.tasks.rehearsal import Speech
from confide.tasks.report_section import ReportSection
from confide.train.privacy import PrivacyPlan
from confide.types import Progress

if TYPE_CHECKING:
    from torch import Tensor, nn

    from confide.tasks.language import Tongue

_PHYSICAL = 16  # records that go through a model at once, as in the training


def speech_of(
    settings: ReportSection | NotesSection,
    privacy: PrivacyPlan,
    tongue: "Tongue",
    loss: "Callable[[nn.Module, list[Any]], Tensor]",
) -> Speech:
    """Return how a task that writes trains and is asked; a secret stands behind nothing that is given.

    Args:
        settings: of the task.
        privacy: how its steps are protected.
        tongue: its words.
        loss: of its records.
    """
    from confide.tasks.language import example, text_losses
    from confide.tasks.learn import adam, learn_privately

    lengths = {"most_given": settings.most_given, "most_written": settings.most_written}

    def record(text: str) -> Any:
        if len(tongue.encode(text)) > settings.most_written:
            raise InvalidInput("audit.form-long", field="most_written", found=settings.most_written)
        return example(tongue, "", text, **lengths)

    def train(
        model: "nn.Module", records: list[Any], patients: list[int], noise: Noise, progress: Progress
    ) -> None:
        learn_privately(
            model, records, [str(each) for each in patients], loss,
            privacy=privacy, noise=noise, optimiser=adam(model, settings.learning_rate), progress=progress,
            physical=_PHYSICAL,
        )  # fmt: skip

    def asked(model: "nn.Module", texts: Sequence[str]) -> Floats:
        return text_losses(model, tongue, texts)

    return Speech(record, train, asked)
