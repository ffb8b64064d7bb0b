"""POST /v1/responses: what a provider of that format keeps of a conversation, and who has nobody to
keep it; POST /v1/completions beside it."""
import pytest
from matrix.prices import ODD

from suite.provider import FakeProvider
from suite.waiting import wait_until
from suite.wire import fetch

# Sold in responses, and in chat completions.
KEEPS, FORGETS = "test/keeps", "test/forgets"
PRICES = ODD["responses"]


@pytest.fixture(name="provider", scope="module")
def provider_fixture(world, tmp_path_factory):
    """One provider in both formats, and its books."""
    provider = FakeProvider("responses", {}, tmp_path_factory.mktemp("responses"), "sk-responses",
                            wire_models={"keeps": PRICES, "forgets": PRICES}).start()
    for name, wire_format in (("keeper", "FORMAT_OPENAI_RESPONSES"),
                              ("forgetter", "FORMAT_OPENAI_CHAT")):
        world.admin.add_provider(name, f"{provider.url}/v1", [provider.api_key],
                                 wire_format=wire_format)
    world.admin.sell([(KEEPS, "keeper", "keeps", PRICES),
                      (FORGETS, "forgetter", "forgets", PRICES)],
                     formats={"keeper": "FORMAT_OPENAI_RESPONSES"})
    for model in (KEEPS, FORGETS):
        wait_until(f"{model} is there", lambda model=model: ask(world, model=model).status == 200)
    yield provider
    provider.stop()


def ask(world, path="responses", **fields):
    """One request."""
    body = {"model": KEEPS, **({"input": "hello"} if path == "responses" else {}), **fields}
    return fetch(f"{world.base_url}/{path}", "POST", world.key.secret, body)


def charged_as_in_the_books(world, provider, answer):
    """Whether what was told, charged and counted is the same."""
    record, = wait_until("the record is in the ledger", lambda: world.ledger.generation(
        answer.header("x-generation-id"), world.workspace.id).attempts)
    entry = provider.entry(record.provider_response_id)
    assert record.charge_nano_usd == entry["charge_nano_usd"] > 0
    return record


def test_the_provider_goes_on_with_what_it_kept(world, provider):
    tools = [{"type": "function", "name": "weather", "strict": False,
              "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}]
    first = ask(world, input="What is the weather in Paris?", tools=tools, store=True)
    assert first.status == 200, first.body
    call, = first.json["output"]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "rain"}
    second = ask(world, input=[result], tools=tools, previous_response_id=first.json["id"])
    assert second.status == 200, second.body
    assert second.json["output"][0]["content"][0]["text"] == "The tool says: rain"
    assert second.json["usage"]["input_tokens"] > first.json["usage"]["input_tokens"], \
        "the earlier turn is charged again"
    record = charged_as_in_the_books(world, provider, second)
    assert round(second.json["usage"]["cost"] * 10**9) == record.charge_nano_usd
    assert record.surface == "openai_responses" and record.finish_reason == "stop"


def test_a_stream_of_what_it_kept_ends_with_its_cost(world, provider):
    first = ask(world)
    answer = ask(world, input="again", previous_response_id=first.json["id"], stream=True)
    events = answer.events
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert events[-1]["type"] == "response.completed"
    record = charged_as_in_the_books(world, provider, answer)
    assert round(events[-1]["response"]["usage"]["cost"] * 10**9) == record.charge_nano_usd


@pytest.mark.parametrize("param, fields", [
    ("previous_response_id", {"previous_response_id": "resp_1"}),
    ("conversation", {"conversation": "conv_1"}),
    ("background", {"background": True}),
    ("messages", {"input": [{"type": "item_reference", "id": "msg_1"}]}),
    ("tools", {"tools": [{"type": "apply_patch"}]}),
])
def test_elsewhere_it_is_refused_by_name(world, provider, param, fields):
    answer = ask(world, model=FORGETS, **fields)
    assert answer.status == 400, answer.body
    assert answer.json["error"]["param"] == param
    assert provider.url, "the provider is there, and was not asked"


def test_tools_that_the_provider_runs_have_no_bound(world, provider):
    assert provider.url
    for model in (KEEPS, FORGETS):
        answer = ask(world, model=model, tools=[{"type": "web_search"}])
        assert answer.json["error"]["code"] == "unbounded_cost"
        assert answer.json["error"]["param"] == "tools"


def test_completions_of_text(world, provider):
    answer = ask(world, "completions", model=FORGETS, prompt="hello", max_tokens=50)
    assert answer.status == 200, answer.body
    choice, = answer.json["choices"]
    assert (choice["text"], choice["finish_reason"]) == ("You said: hello", "stop")
    record = charged_as_in_the_books(world, provider, answer)
    assert round(answer.json["usage"]["cost"] * 10**9) == record.charge_nano_usd
    refused = ask(world, "completions", model=FORGETS, prompt=["a", "b"])
    assert (refused.status, refused.json["error"]["param"]) == (400, "prompt")
