"""How an audit plants secrets in a language model: a note with a text, the training of the task, and what the model is asked.

Promise: follows from public settings alone; no record is of a patient. `confide.audit.planted` draws the secrets.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from confide.dp.noise import Noise
from confide.engines.polars import Floats
from confide.errors import InvalidInput
from confide.tasks import reports
from confide.tasks.notes_section import NotesSection
from confide.tasks.rehearsal import Speech
from confide.tasks.report_section import ReportSection
from confide.types import Progress

if TYPE_CHECKING:
    from torch import Tensor, nn

    from confide.tasks.language import Tongue


def speech_of(
    settings: ReportSection | NotesSection,
    tongue: "Tongue",
    loss: "Callable[[nn.Module, list[Any]], Tensor]",
) -> Speech:
    """Return how a task that writes trains and is asked; a secret stands behind nothing that is given.

    Args:
        settings: of the task.
        tongue: its words.
        loss: of its records.
    """
    from confide.tasks.language import example, text_losses

    lengths = {"most_given": settings.most_given, "most_written": settings.most_written}

    def record(text: str) -> Any:
        if len(tongue.encode(text)) > settings.most_written:
            raise InvalidInput("audit.form-long", field="most_written", found=settings.most_written)
        return example(tongue, "", text, **lengths)

    def train(
        model: "nn.Module", records: list[Any], patients: list[int], noise: Noise, progress: Progress
    ) -> None:
        reports.train(model, settings, loss, records, [str(each) for each in patients], noise, progress)

    def asked(model: "nn.Module", texts: Sequence[str]) -> Floats:
        return text_losses(model, tongue, texts)

    return Speech(record, train, asked)
