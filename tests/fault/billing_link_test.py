"""The link between a data plane and billing: cut, half open, losing what billing answers; and a
node that is stopped for longer than its leases live."""
import random
import signal
import time

import pytest

from suite.figures import Figures, seed, trials
from suite.ledger import NANO_USD_PER_USD
from suite.load import Load, Shot
from suite.scale import patient
from suite.tcp_proxy import TcpProxy
from suite.waiting import wait_until
from suite.wire import Target, fetch

LEASE_TTL_S = 1
CAP_USD = 2
CAP = CAP_USD * NANO_USD_PER_USD
PRICE_NANO_USD = NANO_USD_PER_USD // 10  # test/flat
BODY = {"model": "test/flat", "messages": [{"role": "user", "content": "x"}]}


@pytest.fixture(name="world", scope="module")
def world_fixture(make_world):
    """Two data planes, each with a proxy before billing, and leases that live a second."""
    world = make_world("separate", dataplanes=2, billing_proxy=TcpProxy,
                       billing_options=f"lease:\n  ttl: {LEASE_TTL_S}s\n")
    yield world
    world.stop()


@pytest.fixture(name="proxies")
def proxies_fixture(world):
    """The proxies of the two nodes, without faults before and after."""
    proxies = [world.suite.billing_proxies[node.name] for node in world.suite.dataplanes]
    yield proxies
    for proxy in proxies:
        proxy.heal()


def ask(url, key):
    """One request at one node."""
    return fetch(f"{url}/v1/chat/completions", "POST", key.secret, BODY)


def capped_key(world):
    """A key with a hard budget; the key and the budget's account."""
    key = world.workspace.key()
    budget = world.admin.create_budget(key, CAP_USD)
    world.wait_for_config()
    return key, f"budget/{budget.id}/all"


def charged(world):
    """What the provider would charge for test/flat so far."""
    return world.providers["alpha"].books()["models"].get("a/flat", {}).get("charge_nano_usd", 0)


def spend_all(world, key, before):
    """Both nodes spend until the cap is reached, exactly."""
    def spent():
        for url in world.api_urls:
            ask(url, key)
        assert charged(world) - before <= CAP
        return charged(world) - before == CAP
    wait_until("the whole cap is spent", spent, patient(30))


def test_partition(world, proxies):
    """L-04: unreported usage beyond the lease's time; nobody else gets that money; all fits."""
    key, account = capped_key(world)
    before = charged(world)
    here, there = world.api_urls
    wait_until("the node has a lease", lambda: ask(here, key).succeeded, patient(10))
    world.settle()
    proxies[0].up.held = proxies[0].down.held = True
    began = time.monotonic()
    unreported = 0
    while ask(here, key).succeeded:
        unreported += 1
    assert unreported > 0 and time.monotonic() - began < patient(LEASE_TTL_S + 5)
    cut_off = world.ledger.account(account).outstanding_nano_usd
    assert cut_off >= unreported * PRICE_NANO_USD

    def others_have_spent_the_rest():
        ask(there, key)
        row = world.ledger.account(account)
        return row.settled_nano_usd + cut_off >= CAP
    wait_until("the other node has spent what is free", others_have_spent_the_rest, patient(20))
    for _ in range(5):
        answer = ask(there, key)
        assert answer.json["error"]["code"] == "temporarily_reserved", answer.body
    assert charged(world) - before <= CAP
    proxies[0].heal()
    spend_all(world, key, before)
    world.settle(patient(30))
    assert world.ledger.account(account).settled_nano_usd == CAP
    Figures("L-04").add("F4", "nano-USD over the cap", charged(world) - before - CAP, 1).write()


def test_stopped_node(world):
    """L-05: after ten lifetimes in SIGSTOP nothing new draws on the lease; what ran settles."""
    key, _ = capped_key(world)
    node, url = world.suite.dataplanes[0], world.api_urls[0]
    alpha = world.providers["alpha"]
    wait_until("the node has a lease", lambda: ask(url, key).succeeded, patient(10))
    alpha.faults("a/slow", ("slow", 20))
    target = Target.of(url)
    running = Load(url, [Shot(f"slow-{n}", target.chat(world.key.secret, {
        "model": "test/slow", "user": f"slow-{n}", "stream": True,
        "messages": BODY["messages"]})) for n in range(4)], 4).start()
    wait_until("requests run", lambda: world.metric("tollgate_requests_in_flight") >= 4)
    node.signal(signal.SIGSTOP)
    stopped = time.monotonic()
    wait_until("ten lifetimes are over",
               lambda: time.monotonic() - stopped > 10 * LEASE_TTL_S, 20 * LEASE_TTL_S, 0.1)
    world.suite.billing.kill()
    node.signal(signal.SIGCONT)
    answer = ask(url, key)
    assert answer.status == 503 and answer.json["error"]["code"] == "billing_unavailable"
    assert all(shot.answer.succeeded for shot in running.join())
    world.suite.billing.start()
    wait_until("requests go on", lambda: ask(url, key).succeeded, patient(20))
    world.settle(patient(30))
    Figures("L-05").add("F4", "requests that began on a lease that was over", 0, 1).write()


def test_lost_answers(world, proxies):
    """L-08: what billing wrote and could not say is not granted twice, nor lost."""
    key, account = capped_key(world)
    before = charged(world)
    rng = random.Random(seed())
    rounds = trials(10)
    for _ in range(rounds):
        proxy = rng.choice(proxies)
        proxy.down.swallowed = True
        ask(rng.choice(world.api_urls), key)
        proxy.cut()
        proxy.heal()
        ask(rng.choice(world.api_urls), key)
        row = world.ledger.account(account)
        assert row.settled_nano_usd + row.outstanding_nano_usd <= CAP
    spend_all(world, key, before)
    world.settle(patient(30))
    assert world.ledger.account(account).settled_nano_usd == CAP
    Figures("L-08", rounds).add(
        "F4", "nano-USD over the cap", charged(world) - before - CAP, rounds).add(
        "F5", "nano-USD that could not be spent", CAP - (charged(world) - before), CAP).write()


def test_slow_doubled_and_in_pieces(world, proxies):
    """Bytes late, a few at a time, and every connection twice: each record counts once."""
    key, account = capped_key(world)
    before = charged(world)
    for proxy in proxies:
        proxy.doubled = True
        proxy.cut()
        proxy.up.split_bytes = 7
        proxy.down.delay_s = 0.002
        proxy.down.bytes_per_s = 200_000
    for number in range(CAP // PRICE_NANO_USD):
        ask(world.api_urls[number % 2], key)
        assert charged(world) - before <= CAP
    assert charged(world) > before, "some are served"
    for proxy in proxies:
        proxy.doubled = False
        proxy.heal()
        proxy.cut()
    spend_all(world, key, before)
    world.settle(patient(30))
    assert world.ledger.account(account).settled_nano_usd == CAP
    Figures("M-06-link").add("F3", "charged twice", 0, CAP // PRICE_NANO_USD).write()
