"""Limits that two data planes share: what one agent run may cost, and how much a key may do."""
import time
from collections import Counter

import pytest

from suite.checks import error_of
from suite.ledger import NANO_USD_PER_USD
from suite.load import Load, Shot
from suite.scale import patient
from suite.waiting import wait_until
from suite.wire import Target, fetch

PRICE_NANO_USD = NANO_USD_PER_USD // 10  # test/flat
RUN_CAP_USD = 2
SERVED = 20  # As many as that pays for.
MESSAGES = [{"role": "user", "content": "x"}]


def books_of(world):
    """What the provider would charge for test/flat."""
    return world.providers["alpha"].books()["models"].get("a/flat", {}).get("charge_nano_usd", 0)


def shots(world, key, count, headers=(), model="test/flat"):
    """Requests that are all alike."""
    target = Target.of(world.base_url)
    return [Shot(f"{key.id}-{number}", target.request(
        "POST", "/v1/chat/completions", key.secret, {"model": model, "messages": MESSAGES},
        headers)) for number in range(count)]


def codes_of(done):
    """How often each error was answered."""
    return Counter(error_of(shot.answer)["code"] for shot in done if not shot.answer.succeeded)


def answered_in_time(world, count, headers):
    """So many requests at once. Those for which billing was slower than a request waits, as on a
    busy machine, are sent again, all together."""
    done, missing = [], count
    for _ in range(20):
        sent = Load(world.api_urls, shots(world, world.key, missing, headers), missing).run()
        in_time = [shot for shot in sent if shot.state != "answered"
                   or not codes_of([shot])["billing_unavailable"]]
        done += in_time
        missing -= len(in_time)
        if not missing:
            return done
    raise AssertionError(f"billing answered {missing} of {count} requests never in time")


def test_two_hundred_calls_of_one_run_cost_what_the_run_may(two_node_world):
    world = two_node_world
    world.providers["alpha"].faults("a/flat", ("delay_ms", 20))
    before = books_of(world)
    headers = [("x-tollgate-run", "nightly 7"), ("x-tollgate-run-max-cost", str(RUN_CAP_USD))]
    done = answered_in_time(world, 200, headers)
    assert all(shot.state == "answered" for shot in done)
    codes = codes_of(done)
    print(f"\n{codes}")
    assert set(codes) <= {"run_cost_exceeded", "temporarily_reserved"}
    assert books_of(world) - before <= RUN_CAP_USD * NANO_USD_PER_USD
    assert sum(shot.answer.succeeded for shot in done) * PRICE_NANO_USD == books_of(world) - before

    def spent_to_the_last():
        """What is left can be spent from either node, without saying the cap again."""
        for url in world.api_urls:
            ask(world, url, headers[:1])
        return books_of(world) - before == SERVED * PRICE_NANO_USD
    wait_until("the whole run is spent", spent_to_the_last, timeout_s=20)
    for url in world.api_urls:
        # A later cap can only lower it.
        for again in (headers[:1], [headers[0], ("x-tollgate-run-max-cost", "100")]):
            answer = ask(world, url, again)
            assert (answer.status, error_of(answer)["code"]) == (402, "run_cost_exceeded")
    other = ask(world, world.api_urls[0], [("x-tollgate-run", "nightly 8")])
    assert (other.status, error_of(other)["code"]) == (400, "run_max_cost_required")
    assert ask(world, world.api_urls[0], ()).succeeded, "without a run there is no such limit"


def ask(world, url, headers, key=None, model="test/flat"):
    """One request to one node."""
    return fetch(f"{url}/v1/chat/completions", "POST", (key or world.key).secret,
                 {"model": model, "messages": MESSAGES}, headers)


def wait_for_shares(world):
    """Until both nodes know that they are two."""
    probe = world.workspace.key(limits={"requests_per_minute": 1_000_000})
    world.wait_for_key(probe)
    for url in world.api_urls:
        wait_until(f"{url} shares limits", lambda u=url: int(ask(
            world, u, (), probe, "test/fast").header("x-ratelimit-remaining-requests")) <= 500_000)


def test_requests_a_minute_hold_for_both_nodes_together(two_node_world):
    world = two_node_world
    wait_for_shares(world)
    limit = 30
    key = world.workspace.key(limits={"requests_per_minute": limit})
    world.wait_for_key(key)
    began = time.monotonic()
    done = Load(world.api_urls, shots(world, key, 120, model="test/fast"), 12).run()
    minutes = (time.monotonic() - began) / 60
    served = sum(shot.answer.succeeded for shot in done)
    assert limit <= served <= limit * (1 + minutes) + 2
    assert set(codes_of(done)) == {"rate_limit_exceeded"}
    for shot in done:
        assert shot.answer.header("x-ratelimit-limit-requests") == str(limit)
        assert shot.answer.header("x-ratelimit-reset-requests").endswith("s")
        assert int(shot.answer.header("x-ratelimit-remaining-requests")) <= limit // 2
        if not shot.answer.succeeded:
            assert shot.answer.status == 429
            assert 0 < int(shot.answer.header("retry-after-ms")) <= 60_000


def test_requests_at_the_same_time_hold_for_both_nodes_together(two_node_world):
    world = two_node_world
    wait_for_shares(world)
    key = world.workspace.key(limits={"concurrent_requests": 4})
    world.wait_for_key(key)
    delay_s = patient(400) / 1000
    world.providers["alpha"].faults("a/fast", ("delay_ms", round(1000 * delay_s)))
    began = time.monotonic()
    done = Load(world.api_urls, shots(world, key, 24, model="test/fast"), 24).run()
    seconds = time.monotonic() - began
    world.providers["alpha"].clear_faults()
    served = sum(shot.answer.succeeded for shot in done)
    assert 4 <= served <= 4 * (seconds / delay_s + 1)
    assert served <= 12, "who waits for longer than for money is refused"
    assert set(codes_of(done)) == {"concurrency_limit_exceeded"}


@pytest.fixture(name="three_nodes", scope="module")
def three_nodes_(make_world):
    """Three data planes, which know that they are."""
    world = make_world("separate", dataplanes=3)
    probe = world.workspace.key(limits={"requests_per_minute": 900_000})
    world.wait_for_key(probe)
    for url in world.api_urls:
        wait_until(f"{url} shares limits", lambda u=url: int(ask(
            world, u, (), probe, "test/fast").header("x-ratelimit-remaining-requests")) <= 300_000)
    yield world
    world.stop()


@pytest.mark.parametrize("limit", [1, 2, 4])
def test_a_limit_of_fewer_requests_than_nodes_holds(three_nodes, limit):
    """Each takes the provider a known time: so many at a time, no more are served in a while."""
    world = three_nodes
    key = world.workspace.key(limits={"concurrent_requests": limit})
    world.wait_for_key(key)
    delay_s = patient(100) / 1000
    world.providers["alpha"].faults("a/fast", ("delay_ms", round(1000 * delay_s)))
    try:
        began = time.monotonic()
        done = Load(world.api_urls, shots(world, key, 60, model="test/fast"), 12).run()
        seconds = time.monotonic() - began
        served = sum(shot.answer.succeeded for shot in done)
        print(f"\n{served} of {len(done)} served in {seconds:.2f} s, "
              f"{served * delay_s / seconds:.2f} at a time")
        assert limit <= served <= limit * (seconds / delay_s + 1)
        assert set(codes_of(done)) <= {"concurrency_limit_exceeded"}
        for shot in done:
            if not shot.answer.succeeded:
                assert int(shot.answer.header("retry-after")) >= 1
        for url in world.api_urls:
            wait_until(f"{url} has its turn", lambda u=url: ask(
                world, u, (), key, "test/fast").succeeded, patient(10))
    finally:
        world.providers["alpha"].clear_faults()


def test_fewer_requests_a_minute_than_nodes(three_nodes):
    world = three_nodes
    key = world.workspace.key(limits={"requests_per_minute": 2})
    world.wait_for_key(key)
    answers = [ask(world, url, (), key, "test/fast") for url in world.api_urls * 2]
    assert sum(answer.succeeded for answer in answers) == 2
    for answer in answers:
        assert answer.header("x-ratelimit-limit-requests") == "2"
        if not answer.succeeded:
            assert (answer.status, error_of(answer)["code"]) == (429, "rate_limit_exceeded")


def test_fewer_tokens_a_minute_than_nodes(three_nodes):
    """Each node lets one request in when its bucket is full, and then waits for what it took."""
    world = three_nodes
    key = world.workspace.key(limits={"tokens_per_minute": 2})
    world.wait_for_key(key)
    answers = [ask(world, url, (), key, "test/fast") for url in world.api_urls * 3]
    assert [answer.succeeded for answer in answers] == [True] * 3 + [False] * 6
    for answer in answers:
        assert answer.header("x-ratelimit-limit-tokens") == "2"
        if not answer.succeeded:
            assert (answer.status, error_of(answer)["code"]) == (429, "rate_limit_exceeded")
            # A minute and a half for each token that was taken.
            assert int(answer.header("retry-after")) > 60


def test_tokens_a_minute(two_node_world):
    world = two_node_world
    wait_for_shares(world)
    key = world.workspace.key(limits={"tokens_per_minute": 200})
    world.wait_for_key(key)
    answers = [ask(world, world.api_urls[0], (), key, "test/fast") for _ in range(8)]
    assert answers[0].succeeded
    assert answers[0].header("x-ratelimit-limit-tokens") == "200"
    assert answers[-1].status == 429
    assert error_of(answers[-1])["code"] == "rate_limit_exceeded"
    assert "tokens a minute" in error_of(answers[-1])["message"]
