"""What NVFlare runs for us: a controller at the hub, an executor at each site, and a launcher that starts a killed one again.

Guarantee: a run says nothing about what is computed. Each machine reads from a file of its own kit which installed function plays
its part and in which folder its journal and keys lie; the job that an administrator sends holds the names of two classes.
Lines: `confide.federated.nvflare`; kits: `confide.federated.nvflare_kits`.
"""

import importlib
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nvflare.apis.event_type import EventType
from nvflare.apis.executor import Executor
from nvflare.apis.fl_constant import FLContextKey, ReturnCode
from nvflare.apis.impl.controller import Controller
from nvflare.apis.job_launcher_spec import JobHandleSpec, JobReturnCode
from nvflare.apis.shareable import make_reply
from nvflare.app_common.job_launcher.client_process_launcher import ClientProcessJobLauncher

from confide.errors import InvalidInput
from confide.federated.nvflare import HubLines, SitePort, Stopped
from confide.federated.nvflare_settings import PART

_STARTS = 5  # of a site's process that was killed, in one run


def own_part(local: Path) -> tuple[Callable[..., None], Path, float]:
    """Return the function that plays this machine's part, the folder that it reads, and after what silence a site is lost.

    Raises:
        InvalidInput: the kit does not say, or names a function that is not installed.
    """
    try:
        found = json.loads((local / PART).read_text(encoding="utf-8"))
        module, _, name = found["run"].partition(":")
        return getattr(importlib.import_module(module), name), Path(found["folder"]), float(found["silence"])
    except (OSError, ValueError, KeyError, TypeError, ImportError, AttributeError):
        raise InvalidInput("flare.part") from None


def _local(fl_ctx: Any) -> Path:
    return Path(fl_ctx.get_prop(FLContextKey.WORKSPACE_OBJECT).get_site_config_dir())


class HubController(Controller):  # type: ignore[misc]  # the engine's classes carry no types
    """Plays the hub's part: calls `run(folder, lines)` of this machine's kit."""

    def start_controller(self, fl_ctx: Any) -> None:
        """Nothing: journals begin and end rounds."""

    def control_flow(self, abort_signal: Any, fl_ctx: Any) -> None:
        """Play until the part returns or the engine is told to end the run."""
        local = _local(fl_ctx)
        run, folder, silence = own_part(local)
        cell = fl_ctx.get_engine().get_cell()
        job = fl_ctx.get_job_id()
        lines = HubLines(
            cell, job, local.parent, stopped=lambda: bool(abort_signal.triggered), silence=silence
        )
        try:
            run(folder, lines)
            lines.close()
        except Stopped:
            self.log_info(fl_ctx, "stopped; the journal keeps what was reached")

    def stop_controller(self, fl_ctx: Any) -> None:
        """Nothing: journals begin and end rounds."""

    def process_result_of_unknown_task(self, *_: Any, **__: Any) -> None:
        """Nothing: there are no tasks."""


class SiteExecutor(Executor):  # type: ignore[misc]
    """Plays a site's part in a thread: calls `run(folder, connect)` of this machine's kit."""

    def __init__(self) -> None:
        super().__init__()
        self._stopped = threading.Event()

    def handle_event(self, event_type: str, fl_ctx: Any) -> None:
        """Begin with the run, end with it."""
        if event_type == EventType.START_RUN:
            run, folder, _ = own_part(_local(fl_ctx))
            hub = f"server.{fl_ctx.get_job_id()}"
            port = SitePort(fl_ctx.get_engine().get_cell(), hub, stopped=self._stopped.is_set)
            threading.Thread(target=self._play, args=(run, folder, port), daemon=True).start()
        elif event_type in (EventType.END_RUN, EventType.ABORT_TASK):
            self._stopped.set()

    def _play(self, run: Callable[..., None], folder: Path, port: SitePort) -> None:
        try:
            run(folder, port.connect)
        except Stopped:
            self.logger.info("stopped; the journal keeps what was reached")

    def execute(self, *_: Any) -> Any:
        """Refuse: there are no tasks."""
        return make_reply(ReturnCode.TASK_UNKNOWN)


class SiteLauncher(ClientProcessJobLauncher):  # type: ignore[misc]
    """Starts a site's process again when it was killed, so that the site takes part in the round again.

    The engine itself would end the whole run, of all sites, because one process of one site died.
    """

    def launch_job(self, job_meta: dict[str, Any], fl_ctx: Any) -> "_Again":
        """Start the process of a run."""
        start = super().launch_job
        return _Again(lambda: start(job_meta, fl_ctx))


class _Again(JobHandleSpec):  # type: ignore[misc]
    def __init__(self, start: Callable[[], Any]) -> None:
        self._start, self._ended, self._left = start, threading.Event(), _STARTS
        self._process = start()

    def terminate(self) -> None:
        """End the process, for good."""
        self._ended.set()
        self._process.terminate()

    def poll(self) -> int:
        """Return how the process ended; that it was killed is no failure of the other sites' run."""
        return int(JobReturnCode.UNKNOWN) if self._was_killed() else int(self._process.poll())

    def wait(self) -> None:
        """Wait until the process has ended by itself, or for good."""
        self._process.wait()
        while self._was_killed() and self._left and not self._ended.is_set():
            self._left -= 1
            self._process = self._start()
            self._process.wait()

    def _was_killed(self) -> bool:
        code = self._process.adapter.poll()
        return code is not None and code < 0
