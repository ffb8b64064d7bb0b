"""What is changed binds: at once where a node is connected, and where it is cut off, from whomever,
when the time of its leases is over."""
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


def refused_after(world, key, began):
    """Asks until the first refusal: it, and so many seconds after."""
    def refused():
        answer = ask(world, key)
        return None if answer.succeeded else answer
    answer = wait_until(f"{key.id} is refused", refused, patient(30))
    return answer, time.monotonic() - began


def test_a_key_revoked_behind_a_nodes_back_ends_with_its_leases(world, links):
    config, _ = links
    key = world.workspace.key()
    world.wait_for_key(key)
    assert ask(world, key).succeeded
    sever(config)
    time.sleep(2 * LEASE_TTL_S)  # Longer than a lease: nothing has changed, so it goes on.
    assert ask(world, key).succeeded and ask(world, world.key).succeeded
    began = time.monotonic()
    world.admin.revoke_key(key)
    answer, seconds = refused_after(world, key, began)
    print(f"\nrefused {seconds:.2f} s after it was revoked; leases live {LEASE_TTL_S} s")
    assert (answer.status, error_of(answer)["code"]) == (503, "billing_unavailable")
    assert seconds < LEASE_TTL_S + patient(1)
    config.heal()
    wait_until("others are served again", lambda: ask(world, world.key).succeeded, patient(30))
    answer = ask(world, key)
    assert (answer.status, error_of(answer)["code"]) == (401, "revoked_api_key")


def test_a_cap_lowered_behind_a_nodes_back_ends_with_its_leases(world, links):
    _, billing = links
    key = world.workspace.key()
    budget = world.admin.create_budget(key, 100)
    world.wait_for_config()
    assert ask(world, key).succeeded
    sever(billing)
    began = time.monotonic()
    world.admin.update("Budget", "limitNanoUsd", id=budget.id, limit_nano_usd=0)
    answer, seconds = refused_after(world, key, began)
    assert (answer.status, error_of(answer)["code"]) == (503, "billing_unavailable")
    assert seconds < LEASE_TTL_S + patient(1)
    billing.heal()

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
