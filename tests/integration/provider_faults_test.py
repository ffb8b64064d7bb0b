"""Providers that fail on demand: what the client sees, who served, and what is charged."""
import time

import pytest

from suite.agreement import Story, assert_agree, books_differences, ledger_differences
from suite.checks import error_of
from suite.ledger import Tokens, enum_value
from suite.waiting import wait_until
from suite.wire import fetch

MESSAGES = [{"role": "user", "content": "one two three four five six seven eight nine ten"}]

SMALL_WORKSPACE = "ws-small"


@pytest.fixture(autouse=True)
def healthy_providers(world):
    """Each test begins with providers that work."""
    for provider in world.providers.values():
        provider.clear_faults()


def ask(world, model="test/shaky", key=None, **body):
    """One chat completion; test/shaky is sold by alpha (tried first) and beta."""
    return fetch(f"{world.base_url}/chat/completions", "POST", (key or world.key).secret,
                 {"model": model, "messages": MESSAGES, **body})


def records_of(world, answer, attempts):
    """The records of the answer's generation, once all have come in."""
    identity = answer.header("x-generation-id")

    def whole():
        generation = world.ledger.generation(identity, world.workspace.id)
        return len(generation.attempts) == attempts and list(generation.attempts)
    return wait_until(f"{identity} has {attempts} attempts", whole)


def assert_fell_back(world, answer):
    """Beta served after alpha failed, and only beta is charged."""
    assert answer.succeeded, (answer.status, answer.body)
    assert answer.header("x-tollgate-provider") == "beta"
    assert answer.header("x-tollgate-attempts") == "2"
    failed, served = records_of(world, answer, 2)
    assert (failed.provider_id, served.provider_id) == ("alpha", "beta")
    assert failed.outcome == enum_value("ATTEMPT_OUTCOME_PROVIDER_ERROR")
    assert served.outcome == enum_value("ATTEMPT_OUTCOME_SUCCESS")
    assert failed.charge_nano_usd == 0
    entry = world.providers["beta"].entry(served.provider_response_id)
    assert served.charge_nano_usd == entry["charge_nano_usd"]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("fault", [
    ("refuse", 0), ("refuse", 1), ("status", 500), ("status", 502), ("status", 503),
    ("status", 529), ("status", 408), ("status", 429), ("retry_after", 1), ("garbage", 0),
    ("hang_head",), ("delay_ms", 3000),
], ids=lambda fault: "-".join(str(part) for part in fault))
def test_failure_before_the_first_byte_goes_to_the_next(world, fault, stream):
    world.providers["alpha"].faults("a/shaky", fault)
    assert_fell_back(world, ask(world, stream=stream))


def test_the_bodys_models_are_tried_in_order(world):
    world.providers["alpha"].faults("a/failing", ("status", 500))
    answer = ask(world, "test/failing", models=["test/fast"])
    assert answer.succeeded
    assert answer.header("x-tollgate-attempts") == "2"
    assert [r.model_id for r in records_of(world, answer, 2)] == ["test/failing", "test/fast"]


def test_a_providers_refusal_of_the_request_is_passed_on(world):
    world.providers["alpha"].faults("a/shaky", ("status", 400))
    answer = ask(world)
    assert answer.status == 400
    assert error_of(answer)["type"] == "invalid_request_error"
    record, = records_of(world, answer, 1)
    assert record.outcome == enum_value("ATTEMPT_OUTCOME_REJECTED")
    assert record.charge_nano_usd == 0


def test_all_providers_fail(world):
    world.providers["alpha"].faults("a/shaky", ("status", 500))
    world.providers["beta"].faults("b/shaky", "refuse")
    answer = ask(world)
    assert answer.status == 502
    assert error_of(answer)["code"] == "all_providers_failed"
    for record in records_of(world, answer, 2):
        assert record.charge_nano_usd == 0


@pytest.mark.parametrize("fault", ["cut_mid_stream", "reset_mid_stream", "hang_body"])
def test_a_stream_that_breaks_is_an_error_event_and_charged_as_counted(world, fault):
    world.providers["alpha"].faults("a/shaky", fault)
    answer = ask(world, stream=True, stream_options={"include_usage": True})
    assert answer.status == 200 and not answer.succeeded
    assert answer.complete, "the error event ends the body as HTTP wants it"
    errors = [event["error"] for event in answer.events if "error" in event]
    assert len(errors) == 1 and errors[0]["code"] and errors[0]["type"]
    assert not any(event != "[DONE]" and event.get("choices") and
                   event["choices"][0].get("finish_reason") for event in answer.events)
    record, = records_of(world, answer, 1)
    assert record.usage_source == enum_value("USAGE_SOURCE_ESTIMATED")
    assert record.outcome in (enum_value("ATTEMPT_OUTCOME_CUT"),
                              enum_value("ATTEMPT_OUTCOME_STOPPED"))
    assert Tokens.of_record(record).output_text > 0
    assert 0 < record.charge_nano_usd <= sum(hold.amount_nano_usd for hold in record.holds)


@pytest.mark.parametrize("fault", ["cut_mid_stream", "reset_mid_stream", "hang_body", "garbage"])
def test_a_json_answer_that_breaks_is_never_a_short_success(world, fault):
    world.providers["alpha"].faults("a/shaky", fault)
    answer = ask(world)
    if answer.status == 200 and answer.complete:
        assert answer.header("x-tollgate-provider") == "beta"
        assert answer.json["choices"][0]["finish_reason"] == "stop"
    else:
        assert not answer.complete or answer.status >= 500


def test_a_stream_cut_after_its_usage_has_its_usage(world):
    world.providers["alpha"].faults("a/shaky", "cut_before_done")
    answer = ask(world, stream=True, stream_options={"include_usage": True})
    record, = records_of(world, answer, 1)
    entry = world.providers["alpha"].entry(record.provider_response_id)
    assert record.usage_source == enum_value("USAGE_SOURCE_PROVIDER")
    assert record.charge_nano_usd == entry["charge_nano_usd"]


@pytest.mark.parametrize("stream", [False, True], ids=["json", "stream"])
@pytest.mark.parametrize("fault", ["no_usage", "negative_usage"])
def test_no_usable_usage_is_estimated_and_says_so(world, fault, stream):
    world.providers["alpha"].faults("a/shaky", fault)
    answer = ask(world, stream=stream)
    assert answer.succeeded
    record, = records_of(world, answer, 1)
    assert record.usage_source == enum_value("USAGE_SOURCE_ESTIMATED")
    tokens = Tokens.of_record(record)
    assert tokens.input_text > 0 and tokens.output_text > 0
    assert record.charge_nano_usd > 0


def test_usage_twice_is_charged_once(world):
    world.providers["alpha"].faults("a/shaky", "usage_twice")
    answer = ask(world, stream=True, stream_options={"include_usage": True})
    record, = records_of(world, answer, 1)
    entry = world.providers["alpha"].entry(record.provider_response_id)
    assert record.charge_nano_usd == entry["charge_nano_usd"]


def test_a_provider_that_ignores_the_limit_does_not_overdraw_the_wallet(world):
    """A whole answer is charged as the provider reports it, but the customer pays what was held. (A
    stream is cut off where the limit is: spend_limits_test.)"""
    world.providers["alpha"].faults("a/shaky", "ignore_max_tokens")
    workspace = world.admin.create_workspace(SMALL_WORKSPACE, usd=0.0002)
    key = workspace.key()
    world.wait_for_key(key)
    answer = ask(world, key=key, max_tokens=5)
    assert answer.status == 200
    identity = answer.header("x-generation-id")
    record, = wait_until("the record is in the ledger", lambda: world.ledger.generation(
        identity, workspace.id).attempts)
    held, = {hold.amount_nano_usd for hold in record.holds if hold.leased}
    wallet = workspace.wallet()
    assert wallet.spent_nano_usd == held
    assert record.charge_nano_usd > wallet.credited_nano_usd, "else this test shows nothing"
    assert wallet.balance_nano_usd >= 0 and wallet.spent_nano_usd <= wallet.credited_nano_usd


def test_a_pooled_connection_that_the_provider_closed_is_not_a_failure(world):
    assert ask(world, "test/restarted").succeeded
    world.providers["omega"].restart()
    answer = ask(world, "test/restarted")
    assert answer.succeeded
    assert answer.header("x-tollgate-attempts") == "1"


def test_a_rate_limited_credential_rests(world):
    """gamma and delta have cool-downs on; gamma is tried first."""
    world.providers["gamma"].faults("g/resting", ("retry_after", 2))
    first = ask(world, "test/resting")
    assert first.succeeded and first.header("x-tollgate-attempts") == "2"
    rested = time.monotonic()
    second = ask(world, "test/resting")
    assert second.header("x-tollgate-provider") == "delta"
    assert second.header("x-tollgate-attempts") == "1"
    world.providers["delta"].faults("d/resting", ("retry_after", 30))
    third = ask(world, "test/resting")
    assert third.status == 429, "all are resting"
    assert 1 <= int(third.header("retry-after")) <= 2, "the soonest"
    fourth = ask(world, "test/resting")
    assert fourth.status == 429 and error_of(fourth)["code"]
    world.providers["gamma"].clear_faults()
    wait_until("gamma is tried again",
               lambda: ask(world, "test/resting").header("x-tollgate-provider") == "gamma")
    assert time.monotonic() - rested >= 1.5, "Retry-After is honoured"


def test_the_books_agree_after_all_that(world):
    """Runs last: every attempt of this file, in the ledger and in the providers' books.

    Not omega's, whose books were emptied by its restart.
    """
    world.settle()
    story = world.workspace.story()
    small = Story(world.ledger, SMALL_WORKSPACE)
    assert_agree(ledger_differences(story), *(
        books_differences([*story.records_by(provider=name), *small.records_by(provider=name)],
                          provider.entries())
        for name, provider in world.providers.items() if name != "omega"))
