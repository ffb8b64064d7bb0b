"""Alerts of budgets, end to end: from a charge to a signed message at a real HTTP server."""
import time

import pytest

from suite.scale import patient
from suite.waiting import wait_until
from suite.webhook_receiver import WebhookReceiver
from suite.wire import fetch
from suite.world import sum_of

SECRET = "a-secret-of-the-receiver"
ALLOW_PRIVATE = "webhooks:\n  allow_private: true\n"
MESSAGES = [{"role": "user", "content": "x"}]
LIMIT_USD = 1  # Ten requests of test/flat.
ALERTS_TIMEOUT_S = 30


@pytest.fixture(name="world", scope="module")
def world_with_webhooks(make_world):
    """A world whose webhooks may lead to this machine."""
    world = make_world("separate", billing_options=ALLOW_PRIVATE)
    yield world
    world.stop()


@pytest.fixture(name="receiver")
def receiver_():
    """An HTTP server."""
    receiver = WebhookReceiver()
    yield receiver
    receiver.stop()


def capped_key(world, receiver, **budget):
    """A key whose budget alerts the receiver."""
    hook = world.admin.create("Webhook", id=f"hook-{world.admin.next_number()}", url=receiver.url,
                              secret=SECRET)
    key = world.workspace.key()
    made = world.admin.create_budget(key, LIMIT_USD, alert_webhook_ids=[hook.id], **budget)
    world.wait_for_config()
    return key, made


def spend(world, key, requests):
    """So many tenths of a dollar."""
    for _ in range(requests):
        answer = fetch(f"{world.base_url}/chat/completions", "POST", key.secret,
                       {"model": "test/flat", "messages": MESSAGES})
        assert answer.status == 200, answer.body


def wait_for(receiver, count):
    """Until so many messages were taken."""
    wait_until(f"{count} alerts have come", lambda: len(receiver.taken) >= count,
               patient(ALERTS_TIMEOUT_S))


def billing_metric(world, name, labels=""):
    """The sum of a metric's series at billing that have the labels."""
    text = fetch(f"{world.suite.billing.ready['ops_url']}/metrics").body.decode()
    return sum_of(name, text, labels)


def alerts_made(world, percent):
    """Of that share."""
    return billing_metric(world, "tollgate_billing_budget_alerts_total", f'percent="{percent}"')


def test_half_three_quarters_and_all_once_each_signed_and_in_order(world, receiver):
    key, budget = capped_key(world, receiver)
    before = {percent: alerts_made(world, percent) for percent in (50, 75, 100)}
    spend(world, key, 4)
    world.settle()
    assert not receiver.deliveries, "two fifths are no share that was asked for"
    spend(world, key, 6)
    wait_for(receiver, 3)
    assert [delivery.event["data"]["percent"] for delivery in receiver.taken] == [50, 75, 100]
    for delivery, spent in zip(receiver.taken, ("0.5", "0.8", "1")):
        good, made = delivery.signed_with(SECRET)
        assert good and abs(time.time() - made) < 300
        assert not delivery.signed_with(SECRET + "x")[0]
        assert delivery.headers["content-type"] == "application/json"
        assert delivery.event["type"] == "budget.alert"
        data = delivery.event["data"]
        assert delivery.key == data["eventId"] == f"budget/{budget.id}/all/{data['percent']}"
        assert (data["budgetId"], data["scope"]) == (budget.id, f"key/{key.id}")
        assert (data["limitUsd"], data["spentUsd"], data["hard"]) == ("1", spent, True)
        assert "resetsAt" not in data
    assert {percent: alerts_made(world, percent) - count
            for percent, count in before.items()} == {50: 1, 75: 1, 100: 1}


def test_a_receiver_that_fails_is_told_again_with_the_same_key(world, receiver):
    receiver.answer_with(500, 302)
    key, budget = capped_key(world, receiver, alert_percents=[10])
    spend(world, key, 1)
    wait_for(receiver, 1)
    assert [delivery.status for delivery in receiver.deliveries] == [500, 302, 204]
    assert {delivery.key for delivery in receiver.deliveries} == {f"budget/{budget.id}/all/10"}
    assert len({delivery.body for delivery in receiver.deliveries}) == 1


def test_custom_shares_of_a_soft_budget_go_beyond_its_limit(world, receiver):
    key, _ = capped_key(world, receiver, hard=False, period="PERIOD_MONTHLY",
                        alert_percents=[1, 30, 120])
    spend(world, key, 13)
    wait_for(receiver, 3)
    assert [delivery.event["data"]["percent"] for delivery in receiver.taken] == [1, 30, 120]
    last = receiver.taken[-1].event["data"]
    assert last["hard"] is False and last["spentUsd"] == "1.2"
    assert last["resetsAt"].endswith("-01T00:00:00.000Z")
    assert receiver.taken[-1].key.endswith(f"/{last['period']}/120")


def test_a_crash_of_billing_neither_loses_nor_repeats_an_alert(world, receiver):
    receiver.answer_with(*[503] * 3)
    key, budget = capped_key(world, receiver, alert_percents=[20, 40])
    spend(world, key, 2)
    wait_until("it was tried", lambda: receiver.deliveries, patient(ALERTS_TIMEOUT_S))
    world.suite.billing.kill()
    world.suite.billing.start()
    wait_for(receiver, 1)
    spend(world, key, 2)
    wait_for(receiver, 2)
    wait_until("the outbox is empty",
               lambda: billing_metric(world, "tollgate_billing_alert_outbox") == 0)
    world.suite.billing.kill()  # What was taken is not sent again by the next one.
    world.suite.billing.start()
    spend(world, key, 1)
    world.settle()
    assert [delivery.key for delivery in receiver.taken] == [
        f"budget/{budget.id}/all/20", f"budget/{budget.id}/all/40"]


def test_a_limit_lowered_below_what_was_spent_alerts_though_nothing_is_charged(world, receiver):
    key, budget = capped_key(world, receiver)
    spend(world, key, 3)
    world.settle()
    assert not receiver.deliveries
    world.admin.update("Budget", "limitNanoUsd", id=budget.id, limit_nano_usd=300_000_000)
    wait_for(receiver, 3)
    assert [delivery.event["data"]["percent"] for delivery in receiver.taken] == [50, 75, 100]
