"""POST /v1/responses: what a provider of that format keeps of a conversation, and who has nobody to
keep it; POST /v1/completions beside it."""
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from matrix.prices import ODD
from openai import AuthenticationError, BadRequestError, NotFoundError, OpenAI

from suite.provider import FakeProvider
from suite.waiting import wait_until
from suite.wire import fetch

# Sold in responses, and in chat completions.
KEEPS, FORGETS = "test/keeps", "test/forgets"
PRICES = ODD["responses"]
SECOND_KEY = "sk-responses-second"
NODE_TESTS = [Path(__file__).parent / "node" / f"{name}.test.mjs"
              for name in ("kept_responses", "ai_sdk_responses")]
NODE_TIMEOUT_S = 60


@pytest.fixture(name="provider", scope="module")
def provider_fixture(world, tmp_path_factory):
    """One provider in both formats, and its books."""
    provider = FakeProvider("responses", {}, tmp_path_factory.mktemp("responses"), "sk-responses",
                            wire_models={"keeps": PRICES, "forgets": PRICES},
                            extra=("--api-key", SECOND_KEY, "--record", 4)).start()
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


def client_of(world, key):
    """The official client, with a key."""
    return OpenAI(api_key=key.secret, base_url=world.base_url, max_retries=0)


def account_asked(world, provider):
    """Which of the provider's accounts a new conversation goes to."""
    assert ask(world).status == 200
    return provider.seen()[0]["authorization"].removeprefix("Bearer ")


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


def test_a_stream_that_is_stopped_ends_with_all_that_came(world, provider):
    assert provider.url
    client = client_of(world, world.key)
    text, events = "", []
    for event in client.responses.create(
            model=KEEPS, input="[[long 300]] [[ignore_max_tokens 1]]", max_output_tokens=40,
            stream=True):
        events.append(event)
        text += event.delta if event.type == "response.output_text.delta" else ""
    assert [event.sequence_number for event in events] == list(range(len(events)))
    types = [event.type for event in events]
    assert types[-4:] == ["response.output_text.done", "response.content_part.done",
                          "response.output_item.done", "response.incomplete"]
    last = events[-1].response
    assert last.output_text == text != ""
    assert (last.status, last.output[0].status) == ("incomplete", "incomplete")
    assert last.incomplete_details.reason == "max_output_tokens"
    assert last.tollgate["stop_reason"] == "output_limit_reached"
    assert last.id == events[0].response.id


@pytest.mark.parametrize("param, fields", [
    ("previous_response_id", {"previous_response_id": "resp_1"}),
    ("conversation", {"conversation": "conv_1"}),
    ("background", {"background": True}),
    ("input[0]", {"input": [{"type": "item_reference", "id": "msg_1"}]}),
    ("input[1]", {"input": [{"role": "user", "content": "x"},
                            {"type": "apply_patch_call", "id": "msg_1"}]}),
    ("text.verbatim", {"text": {"verbatim": True}}),
    ("tools", {"tools": [{"type": "apply_patch"}]}),
])
def test_elsewhere_it_is_refused_by_name(world, provider, param, fields):
    answer = ask(world, model=FORGETS, **fields)
    assert answer.status == 400, answer.body
    assert answer.json["error"]["param"] == param
    assert provider.url, "the provider is there, and was not asked"


def test_a_kept_answer_is_shown_deleted_and_gone(world, provider):
    client = client_of(world, world.key)
    first = client.responses.create(model=KEEPS, input="What is kept?")
    second = client.responses.create(model=KEEPS, input="and?", previous_response_id=first.id)
    shown = client.responses.retrieve(second.id)
    assert (shown.id, shown.previous_response_id) == (second.id, first.id)
    assert shown.output_text == second.output_text
    items = client.responses.input_items.list(second.id).data
    assert "What is kept?" in json.dumps([item.to_dict() for item in items])
    with pytest.raises(BadRequestError, match="cancel"):
        client.responses.cancel(second.id)
    with pytest.raises(BadRequestError) as refused:
        list(client.responses.retrieve(second.id, stream=True))
    assert refused.value.param == "stream"
    worked_on = len(provider.entries())
    client.responses.delete(second.id)
    with pytest.raises(NotFoundError) as gone:
        client.responses.retrieve(second.id)
    assert gone.value.code == "response_not_found"
    assert len(provider.entries()) == worked_on, "none of it is a generation"


def test_another_workspace_cannot_use_it(world, provider):
    assert provider.url
    client = client_of(world, world.key)
    mine = client.responses.create(model=KEEPS, input="a secret")
    key = world.admin.create_workspace("ws-stranger", usd=1).key(id="key-stranger")
    world.wait_for_key(key)
    stranger = client_of(world, key)
    with pytest.raises(BadRequestError) as refused:
        stranger.responses.create(model=KEEPS, input="tell", previous_response_id=mine.id)
    assert refused.value.param == "previous_response_id"
    for ask_for in (stranger.responses.retrieve, stranger.responses.delete,
                    stranger.responses.input_items.list):
        with pytest.raises(NotFoundError):
            ask_for(mine.id)
    assert client.responses.retrieve(mine.id).id == mine.id, "it is still there"
    with pytest.raises(AuthenticationError):
        client_of(world, world.bad_keys["unknown"]).responses.retrieve(mine.id)


def test_the_account_that_made_it_is_asked_again(world, provider):
    client = client_of(world, world.key)
    first = client.responses.create(model=KEEPS, input="by the first account")
    # From now on another account of the provider's goes first.
    world.admin.create("Credential", id="keeper-second", provider_id="keeper", secret=SECOND_KEY)
    world.admin.update("Credential", "priority", id="keeper-cred-0", priority=1)
    wait_until("the other account is asked",
               lambda: account_asked(world, provider) == SECOND_KEY)
    again = client.responses.create(model=KEEPS, input="and?", previous_response_id=first.id)
    assert provider.seen()[0]["authorization"] == f"Bearer {provider.api_key}"
    assert client.responses.retrieve(again.id).previous_response_id == first.id
    assert client.responses.retrieve(first.id).id == first.id
    world.admin.update("Credential", "priority", id="keeper-cred-0", priority=0)
    world.admin.delete("Credential", "keeper-second")
    wait_until("the first account is asked",
               lambda: account_asked(world, provider) == provider.api_key)


def test_an_item_is_named_instead_of_being_sent(world, provider):
    client = client_of(world, world.key)
    first = client.responses.create(model=KEEPS, input="Remember pears",
                                    reasoning={"effort": "low", "summary": "auto"})
    thought, message = first.output
    assert thought.id.startswith("rs_tg") and message.id.startswith("msg_tg")
    asked, = client.responses.input_items.list(first.id, limit=5).data
    named = [{"type": "item_reference", "id": item.id} for item in (asked, thought, message)]
    question = {"role": "user", "content": "and?"}
    again = client.responses.with_raw_response.create(model=KEEPS, input=[*named, question])
    assert again.parse().usage.input_tokens > first.usage.input_tokens, "they were read"
    sent = json.loads(provider.seen()[0]["body"])["input"]
    assert [item["id"] for item in sent[:3]] == [item["id"].split("_", 2)[2] for item in named]
    # The items themselves may be sent too, and keep the ids that the provider gave them.
    client.responses.create(model=KEEPS, input=[
        {"role": "user", "content": "Remember pears"}, *(item.to_dict() for item in first.output),
        question])
    sent = json.loads(provider.seen()[0]["body"])["input"]
    assert [item["id"] for item in sent[1:3]] == [item["id"].split("_", 2)[2] for item in named[1:]]
    forgotten = client.responses.create(model=KEEPS, input="Forget pears", store=False)
    with pytest.raises(NotFoundError, match="store"):
        client.responses.create(model=KEEPS, input=[
            {"type": "item_reference", "id": forgotten.output[0].id}, question])
    with pytest.raises(BadRequestError, match="store") as refused:
        client.responses.create(model=FORGETS, input=[*named, question])
    assert refused.value.param == "input[0]"
    key = world.admin.create_workspace("ws-curious", usd=1).key(id="key-curious")
    world.wait_for_key(key)
    for item in (named[2], {"type": "item_reference", "id": sent[2]["id"]}):
        with pytest.raises(BadRequestError) as refused:
            client_of(world, key).responses.create(model=KEEPS, input=[question, item])
        assert refused.value.param == "input[1]"


@pytest.mark.parametrize("node_test", NODE_TESTS, ids=lambda path: path.name.split(".")[0])
def test_the_npm_clients_keep_a_conversation(world, provider, node_test):
    assert provider.url
    settings = {"baseUrl": world.base_url, "key": world.key.secret, "model": KEEPS,
                "forgets": FORGETS,
                "clients": str(Path(os.environ["TOLLGATE_CLIENTS_DIR"]) / "node")}
    done = subprocess.run(
        ["node", "--test", "--test-reporter=spec", node_test], text=True, capture_output=True,
        timeout=NODE_TIMEOUT_S, check=False,
        env={**os.environ, "TOLLGATE_TEST": json.dumps(settings)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"pass (\d+)", done.stdout).group(1)) >= node_test.read_text(
        encoding="utf-8").count("\ntest("), "every test of the file ran"


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
