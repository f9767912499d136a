"""A round is charged before its noise is drawn, and a site refuses the round that would overspend."""

import numpy as np
import pytest
from fed_rounds import HUB_KEY, KEYS, federation

from confide.errors import BudgetExceeded
from confide.federated.distributed_dp import RoundPlan, noise_for
from confide.federated.durable import DurableHub, DurableSite
from confide.federated.horizontal import mean_update, steps_for
from confide.federated.journal import Journal
from confide.federated.settings import Grid
from confide.ledger.home import open_ledger


def charged(ledger, site, fed, update):
    """What a site does when its update is wanted: charge, add noise, mask, keep, commit."""
    number, name = site.site.number, site.site.name
    plan = RoundPlan(
        name=f"round-{number}", federation=fed, number=number, sensitivity=fed.bound(), weight=1, delta=1e-9
    )
    sent = []

    def hand_over(steps):
        sent.append(site.give(steps, charge=plan.to_json()))
        return site.journal.heads(number)[-1][2][:64].hex()

    with ledger.charge(plan, study="fed", account="all") as charge:
        charge.commit(plan.execute((steps_for(fed, name, number, update), hand_over), charge.noise))
    return sent


@pytest.mark.slow
def test_each_site_s_ledger_pays_for_its_rounds_and_refuses_the_one_that_would_overspend(tmp_path):
    grid = Grid(clip=1.0, levels=1 << 12)
    bound = federation(4, 3, length=20, grid=grid).bound()
    fed = federation(4, 3, length=20, grid=grid, noise=noise_for(0.4, 1e-9, sensitivity=bound, honest=3))
    sites = {
        m.name: DurableSite(Journal(tmp_path / m.name), fed, KEYS[at]) for at, m in enumerate(fed.members)
    }
    ledgers = {name: open_ledger(tmp_path / f"{name}-ledger") for name in sites}
    for name, ledger in ledgers.items():
        few = name == "site-03"  # enough for one round only
        epsilon = 0.5 if few else 4.0
        ledger.open_account("all", epsilon=epsilon, delta=1e-7, patients=1000)
        ledger.grant("fed", "all", epsilon=epsilon, delta=1e-7, purpose="test")
    journal = Journal(tmp_path / "hub")
    for number in (1, 2):
        durable = DurableHub(journal, fed, number, HUB_KEY)
        waiting = durable.hub.resend()
        while waiting:
            then = []
            for out in waiting:
                site = sites[out.to]
                answers = site.receive(out.parcel)
                if site.site.wants_update:
                    try:
                        answers = charged(ledgers[out.to], site, fed, np.ones(20))
                    except BudgetExceeded:
                        answers = [site.stop("over-budget")]
                then += [more for answer in answers for more in durable.receive(answer)]
            waiting = then
        there = ["site-00", "site-01", "site-02", "site-03"][: 5 - number]
        assert durable.hub.survivors == there
        update = mean_update(durable.hub.total, fed, there, number)
        assert np.isfinite(update).all()
    assert sites["site-03"].journal.state(2) == "over-budget"
    for ledger in ledgers.values():
        ledger.close()
