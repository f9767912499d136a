"""Sum whole numbers of several sites once, hidden by masks or by encryption: one call, and a report to choose by.

Guarantee: either way the sum is exact, and no party alone sees a site's numbers. The report says who learns what, whom that
trusts, bytes and seconds. In one process, with keys of its own: for statistics of sites and for choosing; rounds over
lines are `confide.federated.play`, uploads that come when they can `confide.encrypted.sums`.
"""

import os
import time
from collections import deque
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from confide.crypto.sign import new_key
from confide.errors import InvalidInput
from confide.federated.deal import SEED
from confide.federated.hub import STAGES, Hub
from confide.federated.settings import Federation, Grid, Member
from confide.federated.site import Site
from confide.types import Json

Integers = NDArray[np.int64]
Way = Literal["masks", "encrypted"]

_LEARNS: dict[Way, Json] = {
    "masks": {
        "hub_learns": ["who-took-part", "sum"],
        "site_learns": ["who-took-part", "digest-of-sum"],
        "fails_if_together": ["hub", "threshold-of-sites"],
        "sites_meet": "all-at-once",
    },
    "encrypted": {
        "hub_learns": ["who-took-part"],
        "custodian_learns": ["sum"],
        "site_learns": [],
        "fails_if_together": ["hub", "custodian"],
        "sites_meet": "each-when-it-can",
    },
}


def sum_of_sites(values: Mapping[str, Integers], way: Way, *, bound: int) -> tuple[Integers, Json]:
    """Return the sum of all sites' numbers, and the report.

    Args:
        values: by site, whole numbers from -bound to bound, shape (length,) at each.
        way: "masks" (sites are online together), or "encrypted" (each uploads when it can; a custodian opens the sum).
        bound: public; by masks sites times bound stays below 2^31 and bound at most 2^26, encrypted below 2^35.

    Raises:
        InvalidInput: numbers of another shape or beyond the bound, too few sites, or a sum that could wrap around.
    """
    shapes = {numbers.shape for numbers in values.values()}
    whole = all(numbers.dtype.kind == "i" and numbers.ndim == 1 for numbers in values.values())
    if (
        len(shapes) != 1
        or not whole
        or any(np.abs(numbers).max(initial=0) > bound for numbers in values.values())
    ):
        raise InvalidInput("fed.sum", bound=bound)
    began = time.process_time()
    total, sent = (_by_masks if way == "masks" else _encrypted)(values, bound)
    spent = time.process_time() - began
    size = {"sites": len(values), "values": len(total), "bytes": sent, "milliseconds": round(1000 * spent, 1)}
    return total, {"kind": "sum of sites", "way": way} | size | _LEARNS[way]


def _by_masks(values: Mapping[str, Integers], bound: int) -> tuple[Integers, int]:
    hub_key, keys = new_key(), {name: new_key() for name in values}
    (length,) = next(iter(values.values())).shape
    federation = Federation(
        name="sum of sites", hub=hub_key.public, threshold=max(3, len(values) // 2 + 1), colluders=0, length=length,
        members=tuple(Member(name=name, key=key.public) for name, key in keys.items()), grid=Grid(clip=1.0, levels=bound),
    )  # fmt: skip
    hub = Hub(federation, 1, hub_key)
    sites = {name: Site(federation, 1, key, os.urandom(SEED)) for name, key in keys.items()}
    waiting, sent = deque(hub.begin()), 0
    while waiting:
        out = waiting.popleft()
        site = sites[out.to]
        answers = site.receive(out.parcel)
        if site.wants_update:
            answers = [site.give(values[site.name].astype(np.int32))]
        for answer in answers:
            if hub.stage in STAGES:
                waiting.extend(hub.receive(answer))
        sent += sum(len(one.head) + len(one.payload) for one in (out.parcel, *answers))
    return hub.total.astype(np.int64), sent


def _encrypted(values: Mapping[str, Integers], bound: int) -> tuple[Integers, int]:
    from confide.encrypted import sums  # SEAL loads here: an extra of its own

    (length,) = next(iter(values.values())).shape
    form = sums.SumForm(name="sum of sites", values=length, sites=len(values), bound=bound)
    custodian = sums.Custodian(form)
    key = custodian.public_key()
    uploads = [sums.seal_values(form, key, numbers) for numbers in values.values()]
    total = sums.add_sealed(form, uploads)
    sent = len(key) * len(values) + sum(map(len, uploads)) + len(total)
    return custodian.open(total), sent
