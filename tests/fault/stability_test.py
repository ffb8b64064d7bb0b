"""With billing, control plane and catalog down: requests go on, a restart serves from disk, and
when what was leased is spent the gateway fails closed and says so."""
from suite.agreement import assert_agree, books_differences, ledger_differences
from suite.scale import patient
from suite.waiting import wait_until
from suite.wire import fetch

MESSAGES = [{"role": "user", "content": "hello"}]
REQUESTS = 50


def ask(world, model="test/chat"):
    """One chat completion."""
    return fetch(f"{world.base_url}/chat/completions", "POST", world.key.secret,
                 {"model": model, "messages": MESSAGES})


def test_static_stability(separate_world):
    world = separate_world
    suite = world.suite
    assert ask(world).succeeded
    for process in (suite.billing, suite.controlplane, suite.catalog):
        process.kill()
    assert all(ask(world).succeeded for _ in range(REQUESTS)), "within the lease"
    assert fetch(f"{world.ops_url}/readyz").status == 200, "billing down is not not-ready"

    suite.dataplane.kill()
    suite.dataplane.start()
    assert fetch(f"{world.ops_url}/readyz").status == 200
    for _ in range(REQUESTS):
        answer = ask(world)
        assert answer.succeeded, (answer.status, answer.body)
    assert fetch(f"{world.base_url}/models", key=world.key.secret).status == 200
    assert fetch(f"{world.base_url}/chat/completions", "POST", world.bad_keys["revoked"].secret,
                 {"model": "test/chat", "messages": MESSAGES}).status == 401

    def spent():
        answer = ask(world, "test/flat")
        return None if answer.succeeded else answer
    refused = wait_until("the lease is spent", spent, timeout_s=60)
    assert refused.status == 503 and refused.json["error"]["code"] == "billing_unavailable", \
        refused.body
    assert int(refused.header("retry-after")) >= 1
    books = world.providers["alpha"].books()

    for process in (suite.catalog, suite.billing, suite.controlplane):
        process.start()
    wait_until("requests go on again", lambda: ask(world).succeeded, timeout_s=30)
    world.settle()
    story = world.workspace.story()
    assert_agree(ledger_differences(story),
                 books_differences(story.records_by(provider="alpha"),
                                   world.providers["alpha"].entries()))
    assert world.providers["alpha"].books()["requests"] >= books["requests"]
    assert not story.records_by("USAGE_SOURCE_INTERRUPTED"), "nothing was in flight"


def test_time_ends_a_lease_too(make_world):
    """Without billing nothing new is spent once the lease's time is over, whatever is left of it.

    That bounds how long a lowered cap can still be spent by a node that nobody can reach.
    """
    world = make_world("separate", billing_options="lease:\n  ttl: 2s\n")
    try:
        assert ask(world).succeeded
        world.suite.billing.kill()

        def refused():
            answer = ask(world)
            return None if answer.succeeded else answer
        answer = wait_until("the lease has run out", refused, timeout_s=patient(15))
        assert answer.status == 503 and answer.json["error"]["code"] == "billing_unavailable"
        world.suite.billing.start()
        wait_until("requests go on again", lambda: ask(world).succeeded, timeout_s=30)
    finally:
        world.stop()
