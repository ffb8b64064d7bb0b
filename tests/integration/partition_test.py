"""What is changed binds: at once where a node is connected, and where it is cut off, from whomever
and however quietly, when the time of its leases is over; what takes nothing from anybody ends
nothing."""
import time

import pytest

from suite.checks import error_of
from suite.ledger import nano_usd
from suite.scale import patient
from suite.tcp_proxy import TcpProxy
from suite.waiting import wait_until
from suite.wire import fetch

LEASE_TTL_S = 3
BODY = {"model": "test/flat", "messages": [{"role": "user", "content": "x"}]}
BINDS_WITHIN_MS = 100
NOTICED_WITHIN_S = 2
FOUND_AGAIN_WITHIN_S = 20  # Two pings of ten seconds, to find that what looks open is dead.
CAPS = 20


@pytest.fixture(name="world", scope="module")
def world_with_proxies(make_world):
    """A data plane that can be cut off from the control plane and from billing."""
    world = make_world("separate", config_proxy=TcpProxy, billing_proxy=TcpProxy,
                       billing_options=f"lease:\n  ttl: {LEASE_TTL_S}s\n")
    yield world
    world.stop()


@pytest.fixture(name="links")
def links_(world):
    """The proxies before the control plane and before billing, healed afterwards."""
    billing, = world.suite.billing_proxies.values()
    yield world.suite.config_proxy, billing
    for link in (world.suite.config_proxy, billing):
        link.heal()
    wait_until("the node serves again", lambda: ask(world, world.key).succeeded, patient(30))


def ask(world, key):
    """One request of $0.10."""
    return fetch(f"{world.base_url}/chat/completions", "POST", key.secret, BODY)


def sever(link):
    """Nothing passes, and connections that are open break."""
    link.up.held = link.down.held = True
    link.cut()


def hold(link):
    """Nothing passes, and nobody is told: no connection breaks."""
    link.up.held = link.down.held = True


def lose(link):
    """What is sent is lost, and nobody is told."""
    link.up.swallowed = link.down.swallowed = True


CUTS = pytest.mark.parametrize("cut", [sever, hold, lose], ids=["reset", "held", "lost"])


def own_workspace(world, name, usd=0):
    """Another workspace with a key; without money it has a credential of its own."""
    workspace = world.admin.create_workspace(name, usd=usd)
    if not usd:
        world.admin.create("Credential", id=f"own-{name}", workspace_id=workspace.id,
                           provider_id="alpha", secret=world.providers["alpha"].api_key)
    key = workspace.key()
    world.wait_for_key(key)
    return workspace, key


def refused_after(world, key, began):
    """Asks until the first refusal: it, and so many seconds after."""
    def refused():
        answer = ask(world, key)
        return None if answer.succeeded else answer
    answer = wait_until(f"{key.id} is refused", refused, patient(30))
    return answer, time.monotonic() - began


@CUTS
def test_a_key_revoked_behind_a_nodes_back_ends_with_its_leases(world, links, cut):
    config, _ = links
    key = world.workspace.key()
    world.wait_for_key(key)
    assert ask(world, key).succeeded
    cut(config)
    time.sleep(2 * LEASE_TTL_S)  # Longer than a lease: nothing has changed, so it goes on.
    assert ask(world, key).succeeded and ask(world, world.key).succeeded
    began = time.monotonic()
    world.admin.revoke_key(key)
    answer, seconds = refused_after(world, key, began)
    print(f"\nrefused {seconds:.2f} s after it was revoked; leases live {LEASE_TTL_S} s")
    assert (answer.status, error_of(answer)["code"]) == (503, "billing_unavailable")
    assert seconds < LEASE_TTL_S + patient(1)
    config.heal()
    if cut is lose:
        config.cut()  # What was lost in between makes the connection unreadable.
    wait_until("others are served again", lambda: ask(world, world.key).succeeded, patient(30))
    answer = ask(world, key)
    assert (answer.status, error_of(answer)["code"]) == (401, "revoked_api_key")


def test_what_takes_nothing_from_a_workspace_does_not_end_its_leases(world, links):
    """A node that is cut off from the control plane serves on, whatever changes elsewhere."""
    config, _ = links
    _, other = own_workspace(world, "elsewhere", 1)
    assert ask(world, world.key).succeeded
    hold(config)
    world.admin.revoke_key(other)
    world.workspace.key()
    until = time.monotonic() + 3 * LEASE_TTL_S
    while time.monotonic() < until:
        assert ask(world, world.key).succeeded
        time.sleep(0.1)


def test_a_revoked_key_on_the_customers_own_credential_ends_too(world, links):
    """It draws on nothing: the time of the wallet's lease is its pass, though that is empty."""
    config, _ = links
    _, key = own_workspace(world, "own")
    assert ask(world, key).succeeded
    hold(config)
    until = time.monotonic() + 3 * LEASE_TTL_S
    while time.monotonic() < until:
        assert ask(world, key).succeeded, "billing says that nothing was taken from it"
        time.sleep(0.1)
    began = time.monotonic()
    world.admin.revoke_key(key)
    answer, seconds = refused_after(world, key, began)
    assert (answer.status, error_of(answer)["code"]) == (503, "billing_unavailable")
    assert seconds < LEASE_TTL_S + patient(1)


def test_the_customers_own_credential_needs_one_of_the_two(world, links):
    """Without billing the control plane vouches for it; without both it ends with the lease."""
    config, billing = links
    _, key = own_workspace(world, "either")
    assert ask(world, key).succeeded
    hold(billing)
    until = time.monotonic() + 3 * LEASE_TTL_S
    while time.monotonic() < until:
        assert ask(world, key).succeeded
        time.sleep(0.1)
    began = time.monotonic()
    hold(config)
    answer, seconds = refused_after(world, key, began)
    assert error_of(answer)["code"] == "billing_unavailable"
    assert seconds < 5 + LEASE_TTL_S + patient(1)


def test_a_node_knows_soon_that_it_is_cut_off_and_finds_back(world, links):
    config, _ = links
    def age():
        return world.metric("tollgate_config_age_seconds")
    wait_until("the control plane is heard each second", lambda: age() < NOTICED_WITHIN_S)
    lose(config)
    began = time.monotonic()
    wait_until("the age says so", lambda: age() > NOTICED_WITHIN_S, patient(5), 0.1)
    wait_until("it is told as cut off", lambda: world.metric("tollgate_config_connected") == 0,
               patient(8), 0.1)
    print(f"\ntold as cut off after {time.monotonic() - began:.1f} s")
    config.heal()  # What looks open is dead all the same: bytes are missing in it.
    healed = time.monotonic()
    wait_until("it is connected again", lambda: age() < NOTICED_WITHIN_S,
               patient(FOUND_AGAIN_WITHIN_S), 0.1)
    print(f"connected again after {time.monotonic() - healed:.1f} s")


@CUTS
def test_a_cap_lowered_behind_a_nodes_back_ends_with_its_leases(world, links, cut):
    _, billing = links
    key = world.workspace.key()
    budget = world.admin.create_budget(key, 100)
    world.wait_for_config()
    assert ask(world, key).succeeded
    cut(billing)
    began = time.monotonic()
    world.admin.update("Budget", "limitNanoUsd", id=budget.id, limit_nano_usd=0)
    _, seconds = refused_after(world, key, began)
    assert seconds < LEASE_TTL_S + patient(1)

    def told():
        return error_of(ask(world, key))["code"] == "billing_unavailable"
    wait_until("it is said why", told, patient(NOTICED_WITHIN_S + 1))
    assert ask(world, key).status == 503
    billing.heal()
    if cut is lose:
        billing.cut()

    def exceeded():
        answer = ask(world, key)
        return answer.status == 402 and error_of(answer)["code"] == "budget_exceeded"
    wait_until("billing says why", exceeded, patient(30))


def test_a_lowered_cap_binds_a_connected_node_within_a_tenth_of_a_second(world):
    key = world.workspace.key()
    budget = world.admin.create_budget(key, 100)
    world.wait_for_config()
    delays_ms = []
    for _ in range(CAPS):
        wait_until("it is served", lambda: ask(world, key).succeeded)
        world.admin.update("Budget", "limitNanoUsd", id=budget.id, limit_nano_usd=0)
        began = time.monotonic()
        answer, seconds = refused_after(world, key, began)
        assert error_of(answer)["code"] in ("budget_exceeded", "temporarily_reserved")
        delays_ms.append(1000 * seconds)
        world.admin.update("Budget", "limitNanoUsd", id=budget.id, limit_nano_usd=nano_usd(100))
    delays_ms.sort()
    print(f"\nlowered to refused, {CAPS} times: median {delays_ms[CAPS // 2]:.1f} ms, "
          f"most {delays_ms[-1]:.1f} ms")
    assert delays_ms[-2] < patient(BINDS_WITHIN_MS)
