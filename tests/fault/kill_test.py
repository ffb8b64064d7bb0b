"""kill -9 under load, a hundred times each program: nothing lost or doubled, no cap overspent.

What clients saw is kept here, outside the processes that are killed. A request that was answered is
in the ledger exactly once; one whose connection broke is there 0 or 1 times; what the provider
worked on is there in any case, since an intent is written before an attempt is sent.

The catalog and the control plane, which no request needs, are killed beside the data plane and
billing.
"""
import random

import pytest

from suite.figures import seed, trials
from suite.killing import (CONCURRENCY, LONG_LEASES, Bystander, CappedKeys,
                           assert_no_money_stranded, assert_nothing_lost_or_doubled,
                           kill_and_start, kill_under_load, leased_for_a_while, refused, start_load,
                           write_figures)
from suite.ledger import enum_value
from suite.scale import patient
from suite.waiting import wait_until

KILLS = 100  # Of each program.
UNKNOWN_PER_KILL_MAX = 2 * CONCURRENCY  # In flight, or connected while the process was dying.


def test_dataplane(separate_world):
    world = separate_world
    capped = CappedKeys(world)
    catalog = Bystander(world.suite.catalog)
    kills = trials(KILLS)

    def kill():
        catalog.kill()
        kill_and_start(world.suite.dataplane)
    shots, downtimes = kill_under_load(world, start_load(world, "dataplane", capped), kills, kill)
    catalog.back()
    story = assert_nothing_lost_or_doubled(world, shots)
    over = capped.overspent(story)
    assert not refused(shots), refused(shots)[0].answer
    assert_interrupted_are_unknown(world, story, shots, kills)
    assert_no_money_stranded(world)
    assert catalog.kills == kills
    write_figures("M-01", 2 * kills, story, shots, downtimes, over)
    assert over <= 0


def assert_interrupted_are_unknown(world, story, shots, kills):
    """Only what was in flight is charged its hold."""
    unknown = [shot for shot in shots if shot.state == "unknown"]
    assert 0 < len(unknown) <= kills * UNKNOWN_PER_KILL_MAX
    interrupted = story.records_by("USAGE_SOURCE_INTERRUPTED")
    assert 0 < len(interrupted) <= len(unknown)
    tags = {shot.tag for shot in unknown}
    for record in interrupted:
        assert record.user in tags, "an answered request is not interrupted"
        assert record.outcome == enum_value("ATTEMPT_OUTCOME_INTERRUPTED")
        held = {hold.account: hold.amount_nano_usd for hold in record.holds}
        assert record.charge_nano_usd == held[f"wallet/{world.workspace.id}"]
    print(f"{len(interrupted)} of {len(unknown)} unknown requests were interrupted")


@pytest.fixture(name="leased_world", scope="module")
def leased_world_fixture(make_world):
    """A world whose data plane leases for a minute."""
    world = make_world("separate", dataplane_options=LONG_LEASES)
    yield world
    world.stop()


def test_billing(leased_world):
    world = leased_world
    capped = CappedKeys(world)
    controlplane = Bystander(world.suite.controlplane)
    kills = trials(KILLS)

    def kill():
        controlplane.kill()
        kill_and_start(world.suite.billing)
        wait_until("the data plane is connected again", lambda: all(
            world.metric(f"tollgate_{stream}_connected") for stream in ("leases", "usage")),
            patient(30))
    shots, downtimes = kill_under_load(world, start_load(world, "billing", capped), kills, kill,
                                       leased_for_a_while(world))
    controlplane.back()
    story = assert_nothing_lost_or_doubled(world, shots)
    over = capped.overspent(story)
    assert all(shot.state == "answered" for shot in shots), "the data plane was not touched"
    assert not refused(shots), "requests go on while billing is away: " + repr(
        refused(shots)[0].answer)
    assert not story.records_by("USAGE_SOURCE_INTERRUPTED")
    assert controlplane.kills == kills
    write_figures("M-02", 2 * kills, story, shots, downtimes, over)
    assert over <= 0


def test_any_program(separate_world):
    """P-03: whichever it is, and at times the same one again."""
    world = separate_world
    rng = random.Random(seed())
    suite = world.suite
    programs = [suite.catalog, suite.controlplane, suite.billing, suite.dataplane]
    kills = trials(20)
    shots, _ = kill_under_load(world, start_load(world, "any"), kills,
                               lambda: kill_and_start(rng.choice(programs)))
    story = assert_nothing_lost_or_doubled(world, shots)
    assert_no_money_stranded(world)
    write_figures("P-03", kills, story, shots)


def test_everything_at_once(standalone_world):
    world = standalone_world
    kills = trials(10)
    shots, downtimes = kill_under_load(world, start_load(world, "all"), kills,
                                       lambda: kill_and_start(world.suite.standalone))
    story = assert_nothing_lost_or_doubled(world, shots)
    assert_no_money_stranded(world)
    write_figures("M-02-standalone", kills, story, shots, downtimes)
