"""POST /v1/messages, as Anthropic's clients send it, to a provider of that format."""
import pytest

from suite.provider import FakeProvider, Prices
from suite.waiting import wait_until
from suite.wire import fetch

MODEL = "test/claude"
SOLD_AS = "claude"
PRICES = Prices(input=2_500_000, output=10_000_000)
VERSION = {"anthropic-version": "2023-06-01"}


@pytest.fixture(name="provider", scope="module")
def provider_fixture(world, tmp_path_factory):
    """A provider of the format, and its books."""
    wire = f"{SOLD_AS}=input:{PRICES.input},output:{PRICES.output}"
    provider = FakeProvider("messages", {}, tmp_path_factory.mktemp("messages"), "sk-messages",
                            extra=["--wire-model", wire]).start()
    world.admin.create("Provider", id="messages", display_name="Messages",
                       format="FORMAT_ANTHROPIC", base_url=f"{provider.url}/v1")
    world.admin.create("Credential", id="messages-cred", provider_id="messages",
                       secret=provider.api_key)
    world.admin.sell([(MODEL, "messages", SOLD_AS, PRICES)])
    wait_until("the model is there", lambda: ask(world).status == 200)
    yield provider
    provider.stop()


def ask(world, key=None, headers=None, **fields):
    """One message."""
    headers = {"x-api-key": (key or world.key).secret, **VERSION} if headers is None else headers
    return fetch(f"{world.base_url}/messages", "POST", None, {
        "model": MODEL, "max_tokens": 50,
        "messages": [{"role": "user", "content": "hello"}], **fields}, headers=headers.items())


def record_of(world, answer):
    """The one attempt of an answer, once the ledger has it."""
    record, = wait_until("the record is in the ledger", lambda: world.ledger.generation(
        answer.header("x-generation-id"), world.workspace.id).attempts)
    return record


def test_an_answer_is_priced_and_in_the_ledger(world, provider):
    answer = ask(world)
    assert answer.status == 200 and answer.json["type"] == "message"
    record = record_of(world, answer)
    entry = provider.entry(record.provider_response_id)
    assert record.charge_nano_usd == entry["charge_nano_usd"] > 0
    assert record.surface == "anthropic_messages"
    assert answer.json["usage"]["cost"] * 10**9 == record.charge_nano_usd


def test_a_stream_ends_with_its_cost(world, provider):
    answer = ask(world, stream=True)
    events = answer.events
    assert [events[0]["type"], events[-1]["type"]] == ["message_start", "message_stop"]
    usage, = [event["usage"] for event in events if event["type"] == "message_delta"]
    record = record_of(world, answer)
    entry = provider.entry(record.provider_response_id)
    assert record.charge_nano_usd == entry["charge_nano_usd"] > 0
    assert usage["cost"] * 10**9 == record.charge_nano_usd


def test_a_bearer_key_and_the_later_version_do_too(world, provider):
    answer = ask(world, headers={"authorization": f"Bearer {world.key.secret}",
                                 "anthropic-version": "2026-10-21"})
    assert answer.status == 200


def test_errors_are_in_the_surfaces_envelope(world, provider):
    answer = ask(world, headers={"x-api-key": "sk-nobody", **VERSION})
    assert answer.status == 401 and answer.json["type"] == "error"
    assert answer.json["error"]["type"] == "authentication_error"
    answer = ask(world, messages=[])
    assert answer.status == 400 and answer.json["error"]["type"] == "invalid_request_error"
    assert answer.json["request_id"] == answer.header("x-generation-id")
