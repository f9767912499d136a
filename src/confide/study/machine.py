"""What this machine has: cores, memory, a GPU. Read from the operating system; nothing is run and nothing is told."""

import os
from dataclasses import dataclass
from pathlib import Path

_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_GPUS = Path("/proc/driver/nvidia/gpus")


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """Cores and memory that this process may use, and whether NVIDIA's driver shows a GPU."""

    cores: int
    memory_gib: float
    gpu: bool


def this_machine() -> Machine:
    """Return what this process may use: a container's limit counts, where it is below the machine's memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    limits = [limit for path in _LIMITS if (limit := _limit(path)) is not None]
    return Machine(
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_gib=round(min([memory, *limits]) / 2**30, 1),
        gpu=has_entries(_GPUS),
    )


def _limit(path: Path) -> int | None:
    """Return the limit that a file of the kernel holds; None where there is none."""
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):  # no such file, or "max"
        return None


def has_entries(folder: Path) -> bool:
    """Say whether the kernel lists anything there."""
    try:
        return any(folder.iterdir())
    except OSError:
        return False
