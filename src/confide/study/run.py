"""`confide run`: the main job, from sealed originals to a verdict and its dossier.

Steps: 1 seal, 2 read, 3 de-identify, 4 measure risk, 5 statistics, 6 train, 7 attack the output,
8 gates, outgoing files, dossier. Restartable at any point: sealing goes on, row-level sets are made
again and come out the same, releases of the ledger are replayed byte for byte. No step knows
another's inside; what passes between them is in `Found`.
"""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import confide
from confide.audit.bytesearch import ByteSearch, search_bytes
from confide.audit.membership import loss_threshold
from confide.errors import GateRefused, InvalidInput
from confide.ledger.ledger import now
from confide.study.dossier import build, write_dossier
from confide.study.gates import Gate, Verdict, judge
from confide.study.outgoing import FOLDER, Output, put_out, take_back
from confide.study.plans import grant, stats_plans, train_plans
from confide.study.rows import Rows, deidentify
from confide.study.sources import Records, Sealed, read_records, seal_sources
from confide.study.tables import statistics_output
from confide.study.workplace import Workplace
from confide.types import Json, Progress
from confide.words import say, speaking

Step = Callable[[str], AbstractContextManager[Progress]]
