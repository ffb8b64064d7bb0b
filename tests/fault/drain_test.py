"""SIGTERM under running streams: they end whole, and every record is in the ledger."""
import signal

from suite.agreement import answer_differences, assert_agree, books_differences, ledger_differences
from suite.load import Load, Shot
from suite.waiting import wait_until
from suite.wire import Target, fetch

STREAMS = 20


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
