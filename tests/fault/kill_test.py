"""kill -9, ten times, under load: nothing lost, nothing doubled.

What clients saw is kept here, outside the processes that are killed. A request that was answered is
in the ledger exactly once; one whose connection broke is there 0 or 1 times; what the provider
worked on is there in any case, since an intent is written before an attempt is sent.
"""
import itertools
import random
import time
from collections import Counter

import pytest

from suite.agreement import (answer_differences, assert_agree, books_differences,
                             ledger_differences)
from suite.ledger import enum_value
from suite.load import Load, Shot
from suite.scale import scaled
from suite.waiting import wait_until
from suite.wire import Target

KILLS = 10
CONCURRENCY = 32
UNKNOWN_PER_KILL_MAX = 2 * CONCURRENCY  # In flight, or connected while the process was dying.
LEASE_SECONDS = 5
ANSWERS_BETWEEN_KILLS = scaled(400)
SEED = 7


def endless_shots(world, name):
    """JSON and streams, on models whose providers now and then fail."""
    target = Target.of(world.base_url)
    models = ("test/chat", "test/fast", "test/reasoner", "test/shaky")
    for number in itertools.count():
        tag = f"{name}-{number}"
        body = {"model": models[number % len(models)], "user": tag, "stream": number % 3 == 0,
                "messages": [{"role": "user", "content": "tell me something " * (number % 20 + 1)}],
                "max_tokens": 50}
        yield Shot(tag, target.chat(world.key.secret, body))


def kill_under_load(world, name, kill, warm=lambda seconds: True):
    """Runs load and calls `kill` KILLS times between answers; returns what became of the shots.

    The kills begin when `warm`, called with the seconds of load so far, says so.
    """
    rng = random.Random(SEED)
    world.providers["alpha"].faults("a/shaky", ("status", 503, 0.2), seed=SEED)
    load = Load(world.api_urls, endless_shots(world, name), CONCURRENCY, persistent=True).start()
    downtimes = []
    began = time.monotonic()
    wait_until("the load is warm", lambda: warm(time.monotonic() - began), timeout_s=60)
    for _ in range(KILLS):
        goal = len(load.done) + rng.randint(ANSWERS_BETWEEN_KILLS // 2, ANSWERS_BETWEEN_KILLS)
        wait_until("the load goes on", lambda g=goal: len(load.done) >= g, timeout_s=60)
        started = time.monotonic()
        kill()
        load.retarget(world.api_urls)
        downtimes.append(time.monotonic() - started)
    goal = len(load.done) + ANSWERS_BETWEEN_KILLS
    wait_until("the load goes on after the last kill", lambda: len(load.done) >= goal, timeout_s=60)
    load.stop()
    shots = load.join()
    downtimes.sort()
    print(f"\n{name}: {len(shots)} requests, {Counter(shot.state for shot in shots)}; "
          f"kill to ready: median {downtimes[KILLS // 2]:.2f} s, most {downtimes[-1]:.2f} s")
    return shots


def assert_nothing_lost_or_doubled(world, shots):
    """The agreement of answers, ledger, records and books."""
    story = world.workspace.story()
    assert_agree(ledger_differences(story), answer_differences(story, shots),
                 *(books_differences(story.records_by(provider=name), provider.entries())
                   for name, provider in world.providers.items()))
    return story


def test_dataplane(separate_world):
    world = separate_world

    def kill():
        world.suite.dataplane.kill()
        world.suite.dataplane.start()
    shots = kill_under_load(world, "dataplane", kill)
    world.settle()
    story = assert_nothing_lost_or_doubled(world, shots)
    unknown = [shot for shot in shots if shot.state == "unknown"]
    failed = [shot for shot in shots if shot.state == "answered" and not shot.answer.succeeded]
    assert not failed, failed[0].answer
    assert 0 < len(unknown) <= KILLS * UNKNOWN_PER_KILL_MAX
    interrupted = story.records_by("USAGE_SOURCE_INTERRUPTED")
    assert len(interrupted) <= len(unknown)
    tags = {shot.tag for shot in unknown}
    for record in interrupted:
        assert record.user in tags, "an answered request is not interrupted"
        assert record.outcome == enum_value("ATTEMPT_OUTCOME_INTERRUPTED")
        held = {hold.account: hold.amount_nano_usd for hold in record.holds}
        assert record.charge_nano_usd == held[f"wallet/{world.workspace.id}"]
    print(f"{len(interrupted)} of {len(unknown)} unknown requests were interrupted")
    assert_no_money_stranded(world)


def test_billing(separate_world):
    world = separate_world
    spent_before = world.workspace.wallet().spent_nano_usd

    def kill():
        world.suite.billing.kill()
        world.suite.billing.start()
        wait_until("the data plane is connected again", lambda: all(
            world.metric(f"tollgate_{stream}_connected") for stream in ("leases", "usage")))

    def leased_for_a_while(seconds):
        wallet = world.workspace.wallet()
        spent = wallet.spent_nano_usd - spent_before
        return spent > 0 and wallet.held_nano_usd > LEASE_SECONDS * spent / seconds
    shots = kill_under_load(world, "billing", kill, leased_for_a_while)
    world.settle()
    story = assert_nothing_lost_or_doubled(world, shots)
    unanswered = [shot for shot in shots if not shot.answer.succeeded]
    assert not unanswered, "requests go on while billing is away: " + repr(unanswered[0].answer)
    mine = {shot.tag for shot in shots}
    assert not [r for r in story.records_by("USAGE_SOURCE_INTERRUPTED") if r.user in mine]


@pytest.mark.parametrize("kills", [3])
def test_everything_at_once(standalone_world, kills):
    world = standalone_world
    load = Load(world.api_urls, endless_shots(world, "all"), CONCURRENCY, persistent=True).start()
    for number in range(1, kills + 1):
        goal = number * ANSWERS_BETWEEN_KILLS // 2
        wait_until("the load goes on", lambda g=goal: len(load.done) >= g, timeout_s=60)
        world.suite.standalone.kill()
        world.suite.standalone.start()
        load.retarget(world.api_urls)
    goal = len(load.done) + ANSWERS_BETWEEN_KILLS
    wait_until("the load goes on", lambda: len(load.done) >= goal, timeout_s=60)
    load.stop()
    shots = load.join()
    world.settle()
    assert_nothing_lost_or_doubled(world, shots)
    assert_no_money_stranded(world)


def assert_no_money_stranded(world):
    """Former incarnations are closed: only what runs now holds money."""
    def closed():
        leases = world.ledger.leases(f"wallet/{world.workspace.id}")
        newest = max(lease.incarnation for lease in leases)
        open_ones = [l for l in leases if l.outstanding_nano_usd and l.incarnation != newest]
        assert not open_ones, open_ones
        return True
    wait_until("former incarnations are closed", closed, timeout_s=30)
