"""SIGTERM under running streams: they end whole, and every record is in the ledger."""
import signal

from suite.agreement import answer_differences, assert_agree, books_differences, ledger_differences
from suite.figures import Figures
from suite.ledger import enum_value
from suite.load import Load, Shot
from suite.waiting import wait_until
from suite.wire import Target, fetch

STREAMS = 20
SHORT_DRAIN = "drain_timeout: 1s\n"
TOKEN_MS = 250  # Within a provider's idle timeout; a stream of many tokens takes many seconds.


def slow_shots(world, name):
    """Streams of about two seconds."""
    target = Target.of(world.base_url)
    for number in range(STREAMS):
        tag = f"{name}-{number}"
        yield Shot(tag, target.chat(world.key.secret, {
            "model": "test/slow", "user": tag, "stream": True,
            "messages": [{"role": "user", "content": "slowly"}]}))


def drain(world, process, name):
    """Sends SIGTERM while all streams run; returns them."""
    alpha = world.providers["alpha"]
    alpha.faults("a/slow", ("slow", 40))
    before = alpha.books()["requests"]
    load = Load(world.api_urls, slow_shots(world, name), STREAMS).start()
    wait_until("all streams run", lambda: in_flight(world) >= STREAMS)
    process.signal(signal.SIGTERM)
    wait_until("unready while it drains",
               lambda: fetch(f"{world.ops_url}/readyz").status == 503)
    assert not load.done, "the streams still run"
    shots = load.join()
    assert all(shot.answer.succeeded for shot in shots)
    assert process.terminate() == 0
    assert alpha.books()["requests"] == before + STREAMS
    process.start()
    world.settle()
    story = world.workspace.story()
    assert_agree(ledger_differences(story), answer_differences(story, shots),
                 books_differences(story.records_by(provider="alpha"), alpha.entries()))
    assert not story.records_by("USAGE_SOURCE_INTERRUPTED")


def in_flight(world):
    """How many requests the data plane has in hand."""
    return world.metric("tollgate_requests_in_flight")


def test_dataplane(separate_world):
    drain(separate_world, separate_world.suite.dataplane, "drain")


def test_standalone(standalone_world):
    drain(standalone_world, standalone_world.suite.standalone, "drain-all")


def test_longer_than_the_drain(make_world):
    """P-01: streams that would take minutes end with an error event, charged for what came."""
    world = make_world("separate", dataplane_options=SHORT_DRAIN)
    try:
        alpha = world.providers["alpha"]
        alpha.faults("a/slow", ("slow", TOKEN_MS))
        load = Load(world.api_urls, slow_shots(world, "long"), STREAMS).start()
        wait_until("all streams run", lambda: in_flight(world) >= STREAMS)
        dataplane = world.suite.dataplane
        dataplane.signal(signal.SIGTERM)
        wait_until("unready while it drains",
                   lambda: fetch(f"{world.ops_url}/readyz").status == 503)
        assert dataplane.terminate() == 0
        shots = load.join()
        assert all(shot.answer.complete for shot in shots), "the framing says that it is the end"
        last = [shot.answer.events[-1] for shot in shots]
        assert all(event["error"]["code"] == "gateway_stopping" for event in last), last[0]
        dataplane.start()
        world.settle()
        story = world.workspace.story()
        assert_agree(ledger_differences(story), answer_differences(story, shots))
        stopped = [record for record in story.records if record.user.startswith("long-")]
        assert len(stopped) == STREAMS
        assert all(record.outcome == enum_value("ATTEMPT_OUTCOME_STOPPED") for record in stopped)
        Figures("P-01").add("F2", "streams that were cut and have no record",
                            STREAMS - len(stopped), STREAMS).write()
    finally:
        world.stop()
