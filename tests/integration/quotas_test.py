"""/v1/quotas: a key that manages quotas makes, changes and archives them, and they bind at once."""
import time
from decimal import Decimal

import pytest

from suite.checks import error_of
from suite.ledger import NANO_USD_PER_USD
from suite.waiting import wait_until
from suite.wire import fetch

MESSAGES = [{"role": "user", "content": "x"}]
BINDS_WITHIN_S = 5  # Far more than it takes; revocation_test measures how long that is.
NOT_FOUND = (404, {"error": "Quota not found"})


@pytest.fixture(name="manager", scope="module")
def manager_(world):
    """A key that manages quotas."""
    key = world.workspace.key(manages_quotas=True)
    world.wait_for_key(key)
    return key


def quotas(world, key, method="GET", entity=None, **body):
    """One request to /v1/quotas: its status and answer."""
    query = f"?quotaEntityId={entity}" if entity else ""
    answer = fetch(f"{world.base_url}/quotas{query}", method, key.secret, body or None)
    return answer.status, answer.json


def ask(world, key, headers=()):
    """One request of $0.10 to a model."""
    return fetch(f"{world.base_url}/chat/completions", "POST", key.secret,
                 {"model": "test/flat", "messages": MESSAGES}, headers)


def new_key(world):
    """A key, and what its quota is called."""
    key = world.workspace.key()
    world.wait_for_key(key)
    return key, f"api_key_id_{key.id}"


def refused_soon(world, key, code="budget_exceeded", headers=()):
    """Until the key's requests are refused with the code."""
    def refused():
        answer = ask(world, key, headers)
        return answer.status == 402 and error_of(answer)["code"] == code
    wait_until(f"{key.id} is refused", refused, BINDS_WITHIN_S)


def served_soon(world, key, headers=()):
    """Until they are served."""
    wait_until(f"{key.id} is served", lambda: ask(world, key, headers).succeeded, BINDS_WITHIN_S)


def test_a_quota_from_its_making_to_its_end(world, manager):
    key, entity = new_key(world)
    assert quotas(world, manager, entity=entity) == NOT_FOUND
    made = {"quotaEntityId": entity, "apiKeyName": key.id, "limitAmount": 0, "currentSpend": 0,
            "refreshPeriod": "monthly", "active": True}
    assert quotas(world, manager, "POST", quotaEntityId=entity, limitAmount=0,
                  refreshPeriod="monthly") == (200, made)
    assert quotas(world, manager, "POST", quotaEntityId=entity, limitAmount=5,
                  refreshPeriod="daily") == (409, {"error": "Quota already exists"})
    refused_soon(world, key)
    assert quotas(world, manager, "PATCH", entity, limitAmount=0.3) == (
        200, {**made, "limitAmount": Decimal("0.3")})
    served_soon(world, key)
    # What is spent shows in its own quota, which any key may read.
    world.settle()
    status, quota = quotas(world, key, entity=entity)
    assert status == 200 and 0 < quota["currentSpend"] <= quota["limitAmount"]
    assert quotas(world, manager, "PATCH", entity, active=False)[1]["active"] is False
    wait_until("the node knows it", lambda: quotas(
        world, manager, entity=entity)[1]["active"] is False, BINDS_WITHIN_S)
    for _ in range(4):
        served_soon(world, key)
    assert quotas(world, manager, "PATCH", entity, active=True)[1]["active"] is True
    refused_soon(world, key)
    status, archived = quotas(world, manager, "DELETE", entity)
    assert status == 200 and archived["archived"] is True and archived["active"] is False
    served_soon(world, key)
    wait_until("it is gone", lambda: quotas(world, manager, entity=entity) == NOT_FOUND,
               BINDS_WITHIN_S)
    assert quotas(world, manager, "POST", quotaEntityId=entity, limitAmount=5,
                  refreshPeriod="daily") == (409, {"error": "Quota already exists"})
    assert quotas(world, manager, "PATCH", entity, archived=False)[1]["active"] is True
    refused_soon(world, key)


def test_a_quota_of_an_end_user(world, manager):
    headers = [("x-tollgate-quota-entity", "user nine")]
    key, _ = new_key(world)
    assert ask(world, key, headers).succeeded
    status, quota = quotas(world, manager, "POST", quotaEntityId="user nine", limitAmount=0.1,
                           refreshPeriod="none")
    assert status == 200 and "apiKeyName" not in quota
    served_soon(world, key, headers)
    refused_soon(world, key, headers=headers)
    assert ask(world, key).succeeded, "without the user there is no such limit"
    other = [("x-tollgate-quota-entity", "user ten")]
    assert ask(world, key, other).succeeded
    assert quotas(world, key, entity="user%20nine") == NOT_FOUND, "only managers see it"
    world.settle()
    assert quotas(world, manager, entity="user%20nine")[1]["currentSpend"] == Decimal("0.1")


def test_who_may_not(world, manager):
    key, entity = new_key(world)
    for method, body in (("POST", {"quotaEntityId": entity, "limitAmount": 9}),
                         ("PATCH", {"quotaEntityId": entity, "limitAmount": 9}), ("DELETE", {})):
        status, answer = quotas(world, key, method, entity, **body)
        assert (status, answer["error"]["code"]) == (403, "quotas_not_managed"), method
    stranger = world.poor_key  # Of another workspace.
    assert quotas(world, stranger, entity=entity) == NOT_FOUND
    assert quotas(world, manager, "PATCH", f"api_key_id_{stranger.id}", limitAmount=0) == NOT_FOUND
    assert quotas(world, manager, "POST", quotaEntityId=f"api_key_id_{stranger.id}",
                  limitAmount=0) == NOT_FOUND
    assert quotas(world, manager, "PATCH", entity, limitAmount=0) == NOT_FOUND, "nobody made it"
    assert fetch(f"{world.base_url}/quotas", "POST").status == 401


@pytest.mark.parametrize("body, names", [
    ({}, "quotaEntityId"), ({"quotaEntityId": "u"}, "limitAmount"),
    ({"quotaEntityId": "u", "limitAmount": -1}, "limitAmount"),
    ({"quotaEntityId": "u", "limitAmount": 1, "refreshPeriod": "hourly"}, "refreshPeriod")])
def test_what_is_wrong_is_named(world, manager, body, names):
    status, answer = quotas(world, manager, "POST", **body)
    assert status == 400 and names in answer["error"]["message"]


def test_a_changed_quota_binds_within_a_tenth_of_a_second(world, manager):
    key, entity = new_key(world)
    quotas(world, manager, "POST", quotaEntityId=entity, limitAmount=100, refreshPeriod="none")
    served_soon(world, key)
    took = []
    for limit in (0, 100) * 5:
        quotas(world, manager, "PATCH", entity, limitAmount=limit)
        began = time.monotonic()
        (served_soon if limit else refused_soon)(world, key)
        took.append(time.monotonic() - began)
    print(f"\nbound after {sorted(round(1000 * seconds) for seconds in took)} ms")
    assert sorted(took)[len(took) // 2] < 0.1


def test_with_mutual_tls_a_certificate_says_that_a_node_asks(make_world):
    world = make_world("separate", tls=True)
    try:
        manager = world.workspace.key(manages_quotas=True)
        world.wait_for_key(manager)
        key, entity = new_key(world)
        assert quotas(world, manager, "POST", quotaEntityId=entity, limitAmount=0)[0] == 200
        refused_soon(world, key)
    finally:
        world.stop()


def test_without_the_control_plane_quotas_are_read_and_not_changed(make_world):
    world = make_world("separate")
    try:
        manager = world.workspace.key(manages_quotas=True)
        world.wait_for_key(manager)
        key, entity = new_key(world)
        quotas(world, manager, "POST", quotaEntityId=entity, limitAmount=0)
        refused_soon(world, key)
        world.suite.controlplane.kill()
        status, answer = quotas(world, manager, "PATCH", entity, limitAmount=1)
        assert (status, answer["error"]["code"]) == (503, "configuration_unavailable")
        assert quotas(world, key, entity=entity)[1]["limitAmount"] == 0
        world.suite.controlplane.start()
        wait_until("it can be changed", lambda: quotas(
            world, manager, "PATCH", entity, limitAmount=1)[0] == 200, 30)
        served_soon(world, key)
    finally:
        world.stop()


def test_what_a_template_caps_is_shown_and_replaced_by_a_quota(make_world):
    """A key that a template caps can see at what, and how much of it is left."""
    world = make_world("standalone")
    try:
        manager = world.workspace.key(manages_quotas=True)
        key, entity = new_key(world)
        each = {"scope_kind": "SCOPE_KIND_WORKSPACE", "scope_id": world.workspace.id,
                "period": "PERIOD_MONTHLY"}
        world.admin.create("Budget", id="bud_soft", each_kind="SCOPE_KIND_KEY",
                           limit_nano_usd=NANO_USD_PER_USD // 100, **each)
        world.admin.create("Budget", id="bud_wide", each_kind="SCOPE_KIND_KEY", hard=True,
                           limit_nano_usd=7 * NANO_USD_PER_USD, **each)
        world.admin.create("Budget", id="bud_each", each_kind="SCOPE_KIND_KEY", hard=True,
                           limit_nano_usd=NANO_USD_PER_USD // 5, **each)
        world.admin.create("Budget", id="bud_users", each_kind="SCOPE_KIND_QUOTA_ENTITY", hard=True,
                           limit_nano_usd=3 * NANO_USD_PER_USD, **each)
        world.wait_for_key(manager)
        shown = {"quotaEntityId": entity, "apiKeyName": key.id, "limitAmount": Decimal("0.2"),
                 "currentSpend": 0, "refreshPeriod": "monthly", "active": True,
                 "template": "bud_each"}
        wait_until("the node knows the template",
                   lambda: quotas(world, key, entity=entity) == (200, shown), BINDS_WITHIN_S)
        assert ask(world, key).succeeded
        world.settle()
        spent = {**shown, "currentSpend": Decimal("0.1")}
        assert quotas(world, key, entity=entity) == (200, spent)
        assert quotas(world, manager, entity=entity) == (200, spent)
        assert quotas(world, manager, entity=f"api_key_id_{manager.id}")[1]["currentSpend"] == 0
        user = quotas(world, manager, entity="user-1")[1]
        assert (user["limitAmount"], user["template"]) == (3, "bud_users")
        other, _ = new_key(world)
        assert quotas(world, other, entity=entity) == NOT_FOUND, "another key's"
        assert quotas(world, other, entity="user-1") == NOT_FOUND, "only managers see it"

        for method, body in (("PATCH", {"limitAmount": 9}), ("DELETE", {})):
            assert quotas(world, manager, method, entity, **body) == NOT_FOUND, method
        own = {**shown, "limitAmount": 4}
        del own["template"]
        assert quotas(world, manager, "POST", quotaEntityId=entity, limitAmount=4,
                      refreshPeriod="monthly") == (200, own)
        wait_until("it is the key's own", lambda: quotas(
            world, key, entity=entity) == (200, own), BINDS_WITHIN_S)
        for _ in range(3):
            assert ask(world, key).succeeded, "the template does not cap it"
        assert quotas(world, manager, "DELETE", entity)[0] == 200
        wait_until("the template is in force again", lambda: quotas(
            world, key, entity=entity) == (200, spent), BINDS_WITHIN_S)
    finally:
        world.stop()
