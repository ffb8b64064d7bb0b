"""Recovery that is itself disturbed: killed again before it is through, begun from a copy, without
one of its files, or with much to catch up on."""
import random
import re
import shutil
import struct
import time

import pytest

from suite.figures import Figures, seed, trials
from suite.killing import (ANSWERS_BETWEEN_KILLS, LONG_LEASES, assert_no_money_stranded,
                           assert_nothing_lost_or_doubled, kill_under_load, leased_for_a_while,
                           load_goes_on, refused, start_load, write_figures)
from suite.scale import patient
from suite.waiting import wait_until
from suite.wire import fetch

AGAIN_WITHIN_S = 0.15  # A start takes two or three times as long.
AWAY_S = 3.0
SMALL_SEGMENTS = LONG_LEASES + "workers: 1\nspool:\n  segment_bytes: 1MiB\n"
# docs/formats/spool.md
SEGMENT_HEADER_BYTES, RECORD_HEADER_BYTES, RECORD_ALIGNMENT, FINAL = 64, 32, 8, 2
FIRST_SEQUENCE_AT = 32  # In the header.


@pytest.fixture(name="leased_world", scope="module")
def leased_world_fixture(make_world):
    """A world whose data plane leases for a minute."""
    world = make_world("separate", dataplane_options=LONG_LEASES)
    yield world
    world.stop()


def test_killed_while_it_recovers(separate_world):
    """P-06: recovery that is interrupted begins anew, at the data plane and at billing."""
    world = separate_world
    rng = random.Random(seed())

    def kill():
        for program in (world.suite.dataplane, world.suite.billing):
            program.kill()
            for _ in range(2):
                program.start(wait=False)
                time.sleep(rng.uniform(0, AGAIN_WITHIN_S))
                program.kill()
            program.start()
    kills = trials(10)
    shots, _ = kill_under_load(world, start_load(world, "recovering"), kills, kill)
    story = assert_nothing_lost_or_doubled(world, shots)
    assert_no_money_stranded(world)
    write_figures("P-06", 6 * kills, story, shots)


def test_restored(separate_world, tmp_path):
    """P-08: a copy that is made of billing's folder under load passes the audit, and can take its
    place; the spools send what it does not have."""
    world = separate_world
    billing, folder = world.suite.billing, world.suite.ledger_folder

    def restore():
        billing.kill()
        copy = tmp_path / "copy"
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(folder, copy)
        world.audit(copy)
        shutil.rmtree(folder)
        shutil.copytree(copy, folder)
        billing.start()
    copies = trials(3)
    shots, _ = kill_under_load(world, start_load(world, "restored"), copies, restore)
    story = assert_nothing_lost_or_doubled(world, shots)
    write_figures("P-08", copies, story, shots)


def test_billing_away(leased_world):
    """M-12: requests go on while billing is away; what the spool gathered drains."""
    world = leased_world
    load = start_load(world, "away")
    warm = leased_for_a_while(world)
    began = time.monotonic()
    wait_until("the leases last", lambda: warm(time.monotonic() - began), patient(60))
    world.suite.billing.kill()
    gone = time.monotonic()
    wait_until("billing has been away", lambda: time.monotonic() - gone > AWAY_S, 2 * AWAY_S)
    load.stop()
    shots = load.join()
    waiting = world.metric("tollgate_usage_records_waiting")
    assert waiting > 0
    started = time.monotonic()
    world.suite.billing.start()
    wait_until("the backlog is gone",
               lambda: world.metric("tollgate_usage_records_waiting") == 0, patient(30))
    drained = time.monotonic() - started
    assert_nothing_lost_or_doubled(world, shots)
    failed = refused(shots)
    assert not failed, failed[0].answer
    Figures("M-12").add("F1", "requests that failed", len(failed), len(shots)).add(
        "F6", "billing's start to the end of the backlog", round(1000 * drained), round(waiting),
        " ms").write()


def finals_in(segment):
    """How many final records a segment of the spool has, read as the format says."""
    data = segment.read_bytes()
    offset, found = SEGMENT_HEADER_BYTES, 0
    while offset + RECORD_HEADER_BYTES <= len(data):
        size, kind = struct.unpack_from("<IB", data, offset + 4)
        if size == 0:
            break
        found += kind == FINAL
        offset += -(-(RECORD_HEADER_BYTES + size) // RECORD_ALIGNMENT) * RECORD_ALIGNMENT
    return found


def test_deleted_segment(make_world):
    """M-18: a segment that somebody deleted is noticed, with how many records it had; nothing is
    billed wrongly, and later runs are billed."""
    world = make_world("separate", dataplane_options=SMALL_SEGMENTS)
    try:
        load = start_load(world, "segments")
        warm = leased_for_a_while(world)
        began = time.monotonic()
        wait_until("the leases last", lambda: warm(time.monotonic() - began), patient(60))
        world.suite.billing.kill()
        for provider in world.providers.values():
            provider.faults("*", ("delay_ms", 0))
        folder = world.suite.directory / world.suite.dataplane.name / "spool"

        def segments():
            return sorted(folder.glob("*.spool"))
        wait_until("there are three segments with records, and the next one",
                   lambda: len(segments()) > 3, patient(90))
        load.stop()
        shots = load.join()
        world.suite.dataplane.kill()
        # The first one may have been acknowledged in part; the second one was not at all.
        victim = segments()[1]
        lost = finals_in(victim)
        assert lost > 0
        header = victim.read_bytes()[:SEGMENT_HEADER_BYTES]
        victim.unlink()
        world.suite.billing.start()
        world.suite.dataplane.start()
        told = world.metric("tollgate_spool_missing_records")
        assert told == lost
        assert str(victim.parent) in world.suite.dataplane.log_text(), "the log says where"

        answer = fetch(f"{world.base_url}/chat/completions", "POST", world.key.secret, {
            "model": "test/fast", "messages": [{"role": "user", "content": "x"}]})
        assert answer.succeeded
        wait_until("later runs are billed", lambda: world.ledger.generation(
            answer.header("x-generation-id"), world.workspace.id), patient(30))
        before, = struct.unpack_from("<Q", header, FIRST_SEQUENCE_AT)
        # What came before it, and one that came later; nothing that was in it or behind it.
        wait_until("all that can be billed is billed", lambda: len(
            world.workspace.story().records) == before - 1 + 1, patient(30), 0.2)
        assert all(shot.answer.complete for shot in shots)
        # What the lost run held is suspended though its node lives; one command frees it.
        suspended = world.ledger.suspended()
        assert suspended, "else this shows nothing"
        node, = {lease.node_id for lease in suspended}
        done = world.suite.cli("leases", "resolve-node", node)
        assert f"{len(suspended)} leases" in done.stdout, done.stdout
        assert not world.ledger.suspended()
        assert fetch(f"{world.base_url}/chat/completions", "POST", world.key.secret, {
            "model": "test/fast", "messages": [{"role": "user", "content": "x"}]}).succeeded
        codes = re.findall(r'"event":"(spool_corrupt|spool_gap)"', world.suite.dataplane.log_text())
        assert codes, "an alarm"
        Figures("M-18").add("F2", "records lost without a word", round(lost - told), lost).write()
    finally:
        world.stop()


def test_deleted_last_segment(make_world):
    """M-18: the segment that a run wrote last is gone, which no later one tells: the node's file
    does. What was in it nobody knows, so that what the run held waits for an operator."""
    world = make_world("separate", dataplane_options=SMALL_SEGMENTS)

    def ask():
        answer = fetch(f"{world.base_url}/chat/completions", "POST", world.key.secret, {
            "model": "test/fast", "messages": [{"role": "user", "content": "x"}]})
        assert answer.succeeded, answer.body
        return answer.header("x-generation-id")
    try:
        known = ask()
        world.settle()
        world.suite.billing.kill()
        for _ in range(3):
            ask()
        world.suite.dataplane.kill()
        folder = world.suite.directory / world.suite.dataplane.name / "spool"
        victim = [path for path in sorted(folder.glob("*.spool"))
                  if path.read_bytes()[:8] == b"TGSPOOL1"][-1]
        assert finals_in(victim) >= 3
        victim.unlink()
        world.suite.billing.start()
        world.suite.dataplane.start()
        assert world.metric("tollgate_spool_corrupt_segments") == 1
        assert victim.name in world.suite.dataplane.log_text(), "the log says which"
        later = ask()
        wait_until("later runs are billed", lambda: world.ledger.generation(
            later, world.workspace.id), patient(30))
        assert {r.generation_id for r in world.workspace.story().records} == {known, later}
        suspended = world.ledger.suspended()
        assert suspended, "what it held is not freed by itself"
        node, = {lease.node_id for lease in suspended}
        world.suite.cli("leases", "resolve-node", node)
        assert not world.ledger.suspended()
        world.suite.dataplane.kill()
        world.suite.dataplane.start()
        assert world.metric("tollgate_spool_corrupt_segments") == 1, "and it stays an alarm"
    finally:
        world.stop()


def test_backlog_is_not_a_stampede(leased_world):
    """M-12: while a backlog drains, requests are served as ever."""
    world = leased_world
    load = start_load(world, "stampede")
    warm = leased_for_a_while(world)
    began = time.monotonic()
    wait_until("the leases last", lambda: warm(time.monotonic() - began), patient(60))
    world.suite.billing.kill()
    load_goes_on(load, 20 * ANSWERS_BETWEEN_KILLS)
    world.suite.billing.start()
    load_goes_on(load, 10 * ANSWERS_BETWEEN_KILLS)
    load.stop()
    shots = load.join()
    assert_nothing_lost_or_doubled(world, shots)
    assert not refused(shots), refused(shots)[0].answer
