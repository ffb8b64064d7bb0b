"""Disks that take no more: nothing is sent that could not be recorded, nothing acknowledged that
is not kept, and it goes on when there is room. Full is a limit on the size of files, set on the
running process: the same error from the same calls, without a file system of one's own."""
import itertools

from suite.agreement import (answer_differences, assert_agree, books_differences,
                             ledger_differences)
from suite.figures import Figures
from suite.load import Load, Shot
from suite.waiting import wait_until
from suite.wire import Target, fetch

SPOOL_OPTIONS = "workers: 1\nspool:\n  segment_bytes: 1MiB\n"
LIMIT_BYTES = 256 * 1024
CONCURRENCY = 16


def shots(world, name):
    """Short requests, as many as wanted."""
    target = Target.of(world.base_url)
    for number in itertools.count():
        tag = f"{name}-{number}"
        yield Shot(tag, target.chat(world.key.secret, {
            "model": "test/fast", "user": tag, "max_tokens": 20,
            "messages": [{"role": "user", "content": "x"}]}))


def assert_agreement(world, done):
    """Everything that was answered is in the ledger, once."""
    world.settle()
    story = world.workspace.story()
    assert_agree(ledger_differences(story), answer_differences(story, done),
                 books_differences(story.records_by(provider="alpha"),
                                   world.providers["alpha"].entries()))


def test_spool(make_world):
    world = make_world("separate", dataplane_options=SPOOL_OPTIONS)
    try:
        load = Load(world.api_urls, shots(world, "spool"), CONCURRENCY).start()
        wait_until("requests are served", lambda: len(load.done) > 50)
        world.suite.dataplane.limit_file_size(LIMIT_BYTES)
        wait_until("the spool takes no more", lambda: any(
            shot.answer.status == 503 for shot in list(load.done)[-CONCURRENCY:]), 60)
        before = world.providers["alpha"].books()["requests"]

        def refusal():
            """A short request may still find room where the others did not."""
            answer = fetch(f"{world.base_url}/chat/completions", "POST", world.key.secret, {
                "model": "test/fast", "messages": [{"role": "user", "content": "x"}]})
            return answer if answer.status == 503 else None
        refused = wait_until("it takes no short one either", refusal)
        assert refused.json["error"]["code"] == "metering_unavailable", refused.body
        assert int(refused.header("retry-after")) >= 1
        load.stop()
        done = load.join()
        failed = [shot for shot in done if not shot.answer.succeeded]
        assert all(shot.answer.status == 503 for shot in failed)
        assert before <= len(done) - len(failed), "what is refused was never sent"

        world.suite.dataplane.limit_file_size(None)
        again = wait_until("requests go on by themselves", lambda: [
            shot for shot in Load(world.api_urls, itertools.islice(
                shots(world, "again"), 20), 4).run() if shot.answer.succeeded][19:], 30)
        assert again
        Figures("M-09").add("F2", "events lost", 0, len(done)).add(
            "F1", "refused and yet sent", 0, len(failed)).write()
        assert_agreement(world, done)
    finally:
        world.stop()


def test_ledger(make_world):
    world = make_world("separate")
    try:
        load = Load(world.api_urls, shots(world, "ledger"), CONCURRENCY).start()
        wait_until("requests are served", lambda: len(load.done) > 50)
        world.suite.billing.limit_file_size(LIMIT_BYTES)
        ops = world.suite.billing.ready["ops_url"]
        wait_until("billing says that it cannot go on",
                   lambda: fetch(f"{ops}/readyz").status == 503, 60)
        assert "tollgate_billing_poisoned 1" in fetch(f"{ops}/metrics").body.decode()
        goal = len(load.done) + 100
        wait_until("requests go on", lambda: len(load.done) >= goal, 60)
        load.stop()
        done = load.join()
        failed = [shot.answer.json["error"]["code"] for shot in done if not shot.answer.succeeded]
        assert set(failed) <= {"billing_unavailable"}, "beyond the leases, and for no other reason"
        world.suite.billing.kill()
        world.suite.billing.start()
        assert_agreement(world, done)
        Figures("M-11").add("F1", "refused, since the leases were used up", len(failed),
                            len(done)).add(
            "F2", "events lost", 0, len(done)).write()
    finally:
        world.stop()
