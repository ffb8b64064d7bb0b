"""What callers and administrators may limit: holds of streams, caller caps, budgets of a key."""
import threading
from decimal import Decimal

import pytest

from suite.checks import error_of
from suite.ledger import NANO_USD_PER_USD, enum_value
from suite.scale import patient
from suite.waiting import wait_until
from suite.wire import fetch

LONG_TEXT = "the quick brown fox jumps over the lazy dog " * 45
REPEAT = ("repeat", 8)  # Makes the answer some 4,400 bytes, 1,300 tokens.
SHORT = [{"role": "user", "content": "one two three"}]
LONG = [{"role": "user", "content": LONG_TEXT}]


@pytest.fixture(autouse=True)
def healthy_providers(world):
    """Each test begins with providers that work."""
    for provider in world.providers.values():
        provider.clear_faults()


def ask(world, key, model="test/chat", messages=SHORT, headers=(), path="chat/completions", **body):
    """One request."""
    return fetch(f"{world.base_url}/{path}", "POST", key.secret,
                 {"model": model, "messages": messages, **body}, headers)


def capped_key(world, usd):
    """A key with a budget of its own."""
    key = world.workspace.key()
    budget = world.admin.create_budget(key, usd)
    world.wait_for_config()
    return key, budget


def record_of(world, generation_id):
    """The one record of a generation."""
    def found():
        generation = world.ledger.generation(generation_id, world.workspace.id)
        return len(generation.attempts) == 1 and generation.attempts[0]
    return wait_until(f"{generation_id} is in the ledger", found)


def chunks_of(answer):
    """The events of a stream, but for its end marker."""
    return [event for event in answer.events if event != "[DONE]"]


def text_of(chunks):
    """What the model wrote."""
    return "".join(choice["delta"].get("content") or "" for chunk in chunks
                   for choice in chunk.get("choices", []))


def test_a_provider_that_ignores_the_limit_is_cut_at_the_reserve(world):
    world.providers["alpha"].faults("a/chat", "ignore_max_tokens", REPEAT, ("slow", 2))
    answer = ask(world, world.key, messages=LONG, stream=True, max_tokens=40,
                 stream_options={"include_usage": True})
    assert answer.succeeded, (answer.status, answer.body)
    chunks = chunks_of(answer)
    stop, usage = chunks[-2:]
    assert stop["choices"] == [{"index": 0, "delta": {}, "finish_reason": "length"}]
    assert stop["tollgate"]["stop_reason"] == "output_limit_reached"
    assert usage["usage"]["completion_tokens"] <= 40
    assert len(text_of(chunks)) < 400, "forty tokens, not a thousand"
    record = record_of(world, answer.header("x-generation-id"))
    held, = {hold.amount_nano_usd for hold in record.holds if hold.leased}
    assert 0 < record.charge_nano_usd <= held
    assert record.outcome == enum_value("ATTEMPT_OUTCOME_STOPPED")
    assert record.finish_reason == "length"


def test_a_stream_grows_its_hold_and_is_charged_what_it_used(world):
    world.providers["alpha"].faults("a/chat", REPEAT)
    key, _ = capped_key(world, 1)
    body = {"messages": LONG, "stream": True, "stream_options": {"include_usage": True}}
    answer = ask(world, key, **body)
    assert answer.succeeded
    chunks = chunks_of(answer)
    assert not any("tollgate" in chunk for chunk in chunks)
    record = record_of(world, answer.header("x-generation-id"))
    entry = world.providers["alpha"].entry(record.provider_response_id)
    assert record.charge_nano_usd == entry["charge_nano_usd"]
    bound = ask(world, key, path="estimate", **body).json
    for hold in record.holds:
        assert hold.amount_nano_usd > nano(bound["hold"]), "it grew beyond the first chunk"
        assert hold.amount_nano_usd <= nano(bound["max_cost"]) + 10


def test_a_stream_that_cannot_grow_ends_where_its_money_ends(world):
    key, budget = capped_key(world, "0.05")
    alpha = world.providers["alpha"]
    alpha.faults("a/chat", REPEAT, ("slow", patient(2)))
    alpha.faults("a/cached", REPEAT, ("slow", patient(20)))
    answers = {}

    def stream(name, **body):
        answers[name] = ask(world, key, messages=LONG, stream=True, **body)
    first = threading.Thread(target=stream, args=("first",))
    first.start()
    wait_until("the first has begun", lambda: world.metric("tollgate_requests_in_flight") >= 1)
    # It takes what the first would grow into, and takes longer.
    second = threading.Thread(target=stream, args=("second",),
                              kwargs={"model": "test/cached", "max_tokens": 1000})
    second.start()
    first.join()
    second.join()
    chunks = chunks_of(answers["first"])
    stop = chunks[-1]
    assert stop["choices"][0]["finish_reason"] == "length"
    assert stop["tollgate"]["stop_reason"] == "budget_exceeded", stop
    assert budget.id in stop["tollgate"]["message"]
    assert answers["first"].events[-1] == "[DONE]"
    assert 500 < len(text_of(chunks)) <= 2048
    assert answers["second"].succeeded
    record = record_of(world, answers["first"].header("x-generation-id"))
    assert record.error_code == "budget_exceeded"
    world.settle()
    spent = world.ledger.account(f"budget/{budget.id}/all").settled_nano_usd
    assert spent <= 0.05 * NANO_USD_PER_USD


def test_a_json_answer_is_limited_to_what_can_be_afforded(world):
    key, budget = capped_key(world, "0.012")
    world.providers["alpha"].faults("a/chat", REPEAT)
    answer = ask(world, key, messages=LONG)
    assert answer.succeeded, "it is not refused for what it will not spend"
    assert answer.header("x-tollgate-limited-by") == "budget_exceeded"
    limit = int(answer.header("x-tollgate-output-limit"))
    assert 256 <= limit < 1000
    choice, = answer.json["choices"]
    assert choice["finish_reason"] == "length", "the provider was told to stop there"
    assert limit - 8 <= answer.usage["completion_tokens"] <= limit
    record = record_of(world, answer.header("x-generation-id"))
    entry = world.providers["alpha"].entry(record.provider_response_id)
    assert record.charge_nano_usd == entry["charge_nano_usd"]
    world.settle()
    spent = world.ledger.account(f"budget/{budget.id}/all").settled_nano_usd
    assert spent == record.charge_nano_usd <= nano("0.012")


def test_max_cost_limits_one_request(world):
    answer = ask(world, world.key, messages=LONG, headers=[("x-tollgate-max-cost", "0.02")])
    assert answer.succeeded, answer.body
    assert answer.header("x-tollgate-limited-by") == "max_cost_exceeded"
    limit = int(answer.header("x-tollgate-output-limit"))
    assert 256 <= limit < 4096
    record = record_of(world, answer.header("x-generation-id"))
    assert 0.0199 * NANO_USD_PER_USD < record.holds[0].amount_nano_usd <= 0.02 * NANO_USD_PER_USD
    refused = ask(world, world.key, messages=LONG, headers=[("x-tollgate-max-cost", "0.0001")])
    assert refused.status == 402
    assert error_of(refused)["code"] == "max_cost_exceeded"


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
def test_the_estimate_is_what_is_then_held(world, stream):
    body = {"messages": LONG, "stream": stream, "max_tokens": 123}
    estimate = ask(world, world.key, path="estimate", **body).json
    assert estimate["affordable"] is True and estimate["limited_by"] is None
    assert estimate["attempts"][0]["provider"] == "alpha"
    answer = ask(world, world.key, **body)
    record = record_of(world, answer.header("x-generation-id"))
    assert {hold.amount_nano_usd for hold in record.holds} == {nano(estimate["hold"])}
    assert estimate["hold"] == estimate["max_cost"]


def test_the_estimate_says_what_binds(world):
    key, budget = capped_key(world, "0.001")
    estimate = ask(world, key, path="estimate", messages=LONG).json
    assert estimate["affordable"] is False
    assert estimate["refusal"]["status"] == 402
    assert estimate["refusal"]["code"] == "budget_exceeded"
    assert estimate["binding"]["scope"] == "budget"
    assert estimate["binding"]["id"] == budget.id
    assert Decimal(estimate["binding"]["available"]) == Decimal("0.001")
    refused = ask(world, key, messages=LONG)
    assert (refused.status, error_of(refused)["code"]) == (402, "budget_exceeded")
    assert refused.header("x-tollgate-budget") == budget.id
    poor = ask(world, world.poor_key, path="estimate").json
    assert poor["refusal"]["code"] == "insufficient_balance"
    assert poor["binding"]["scope"] == "wallet"


def test_the_key_says_what_is_left_of_its_budget(world):
    key, budget = capped_key(world, 2)
    answer = ask(world, key)
    charge = record_of(world, answer.header("x-generation-id")).charge_nano_usd
    data = fetch(f"{world.base_url}/key", key=key.secret).json["data"]
    spent = Decimal(charge) / NANO_USD_PER_USD
    assert data["label"] == key.id
    assert data["limit"] == 2 and data["limit_reset"] is None
    for period in ("usage", "usage_daily", "usage_weekly", "usage_monthly"):
        assert Decimal(str(data[period])) == spent
        assert data[f"byok_{period}"] == 0
    assert Decimal(str(data["limit_remaining"])) == 2 - spent
    assert [entry["id"] for entry in data["budgets"]] == [budget.id]
    unlimited = fetch(f"{world.base_url}/key", key=world.key.secret).json["data"]
    assert unlimited["limit"] is None
    assert fetch(f"{world.base_url}/key", key="tg_live_x").status == 401


def test_the_quota_of_a_key(world):
    key, _ = capped_key(world, 3)
    quota = fetch(f"{world.base_url}/quotas?quotaEntityId=api_key_id_{key.id}", key=key.secret)
    assert quota.json == {"quotaEntityId": f"api_key_id_{key.id}", "apiKeyName": key.id,
                          "limitAmount": 3, "currentSpend": 0, "refreshPeriod": "none",
                          "active": True}
    other = fetch(f"{world.base_url}/quotas?quotaEntityId=api_key_id_{key.id}",
                  key=world.key.secret)
    assert (other.status, other.json) == (404, {"error": "Quota not found"})


def nano(usd):
    """Nano-dollars of a decimal string."""
    return int(Decimal(usd) * NANO_USD_PER_USD)
