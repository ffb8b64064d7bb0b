"""The official PyPI client, unchanged but for base URL and key."""
import openai
import pytest

from suite.checks import GENERATION_ID, nano_usd_of_float
from suite.ledger import Tokens
from suite.scale import patient
from suite.waiting import wait_until

MESSAGES = [{"role": "user", "content": "Say something short."}]


def weather_tool(name):
    """A tool as applications define it."""
    return {"type": "function", "function": {
        "name": name, "description": "Tells the weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                       "required": ["city"]}}}


@pytest.fixture(name="client")
def client_fixture(world):
    """A client with a good key."""
    return client_of(world, world.key)


def client_of(world, key):
    """A client with this key, which does not retry by itself."""
    return openai.OpenAI(base_url=world.base_url, api_key=key.secret, max_retries=0)


def ask(client, model="test/chat", **options):
    """One chat completion."""
    return client.chat.completions.create(model=model, messages=MESSAGES, **options)


def test_completion_says_what_it_cost(world, client):
    raw = client.chat.completions.with_raw_response.create(model="test/chat", messages=MESSAGES)
    completion = raw.parse()
    assert completion.choices[0].message.content.startswith("Hello from")
    assert completion.choices[0].finish_reason == "stop"
    tokens = Tokens.of_usage(completion.usage.model_dump())
    charge = world.prices["test/chat"].charge_nano_usd(tokens)
    assert nano_usd_of_float(completion.usage.cost) == charge
    assert nano_usd_of_float(raw.headers["x-tollgate-cost"]) == charge
    assert GENERATION_ID.fullmatch(raw.headers["x-generation-id"])
    assert raw.headers["x-tollgate-provider"] == "alpha"
    assert raw.headers["x-tollgate-attempts"] == "1"


@pytest.mark.parametrize("include_usage", [False, True])
def test_stream(world, client, include_usage):
    options = {"stream_options": {"include_usage": True}} if include_usage else {}
    with ask(client, stream=True, **options) as stream:
        chunks = list(stream)
        headers = stream.response.headers
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text.startswith("Hello from")
    assert GENERATION_ID.fullmatch(headers["x-generation-id"])
    assert headers["x-tollgate-provider"] == "alpha"
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    if not include_usage:
        assert not usages and all(chunk.choices for chunk in chunks)
        return
    assert len(usages) == 1 and chunks[-1].usage is usages[0] and chunks[-1].choices == []
    charge = world.prices["test/chat"].charge_nano_usd(Tokens.of_usage(usages[0].model_dump()))
    assert nano_usd_of_float(usages[0].cost) == charge


def test_stream_and_json_say_the_same(client):
    whole = ask(client)
    with ask(client, stream=True) as stream:
        streamed = "".join(chunk.choices[0].delta.content or "" for chunk in stream)
    assert streamed == whole.choices[0].message.content


def test_tool_call_and_its_result(client):
    tools = [weather_tool("get_weather")]
    first = ask(client, tools=tools)
    assert first.choices[0].finish_reason == "tool_calls"
    call, = first.choices[0].message.tool_calls
    assert call.function.name == "get_weather"
    messages = [*MESSAGES, first.choices[0].message.model_dump(exclude_none=True),
                {"role": "tool", "tool_call_id": call.id, "content": "Sunny, 21 degrees"}]
    second = client.chat.completions.create(model="test/chat", messages=messages, tools=tools)
    assert second.choices[0].finish_reason == "stop"
    assert "Sunny, 21 degrees" in second.choices[0].message.content


@pytest.mark.parametrize("stream", [False, True])
def test_parallel_tool_calls(client, stream):
    tools = [weather_tool("get_weather"), weather_tool("get_wind")]
    if not stream:
        calls = ask(client, tools=tools).choices[0].message.tool_calls
        assert [call.function.name for call in calls] == ["get_weather", "get_wind"]
        return
    names, arguments = {}, {}
    with ask(client, tools=tools, stream=True) as events:
        for chunk in events:
            for delta in chunk.choices[0].delta.tool_calls or ():
                names.setdefault(delta.index, delta.function.name)
                arguments[delta.index] = arguments.get(delta.index, "") + (
                    delta.function.arguments or "")
    assert names == {0: "get_weather", 1: "get_wind"}
    assert all(text.startswith("{") and text.endswith("}") for text in arguments.values())


def test_models(world, client):
    listed = {model.id for model in client.models.list()}
    assert set(world.prices) <= listed
    assert client.models.retrieve("test/chat").id == "test/chat"
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nobody/nothing")


def assert_error(error, status, code):
    """The error has a stable code and type, a sentence, and the generation id where one exists."""
    assert (error.status_code, error.code) == (status, code), error.body
    assert error.type and len(error.body["message"].split()) >= 3
    assert GENERATION_ID.fullmatch(error.response.headers["x-generation-id"])


@pytest.mark.parametrize("which", ["unknown", "malformed", "revoked", "expired"])
def test_bad_keys(world, which):
    with pytest.raises(openai.AuthenticationError) as caught:
        ask(client_of(world, world.bad_keys[which]))
    code = {"revoked": "revoked_api_key", "expired": "expired_api_key"}.get(
        which, "invalid_api_key")
    assert_error(caught.value, 401, code)


def test_models_say_what_clients_decide_by(client):
    """Whether tools are offered, and whether a cache is counted on."""
    cached, plain = (client.models.retrieve(name) for name in ("test/cached", "test/chat"))
    assert cached.tags == ["tool-use"]
    assert cached.pricing["input_cache_read"] == "0.0000003"
    assert "input_cache_write" not in cached.pricing
    assert not [name for name in plain.pricing if "cache" in name]


def test_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as caught:
        ask(client, "nobody/nothing")
    assert_error(caught.value, 404, "model_not_found")


def test_model_that_the_key_may_not_call(world):
    client = client_of(world, world.narrow_key)
    assert ask(client, "test/fast").choices
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client, "test/chat")
    assert caught.value.status_code in (403, 404)
    assert {model.id for model in client.models.list()} == {"test/fast"}


def test_bad_parameters(client):
    with pytest.raises(openai.BadRequestError):
        ask(client, max_tokens=-1)
    with pytest.raises(openai.BadRequestError):
        client.post("/chat/completions", body=[1, 2], cast_to=object)


def test_empty_wallet(world):
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client_of(world, world.poor_key))
    assert_error(caught.value, 402, "insufficient_balance")


def test_spent_budget(world):
    with pytest.raises(openai.APIStatusError) as caught:
        ask(client_of(world, world.capped_key))
    assert_error(caught.value, 402, "budget_exceeded")


def test_all_providers_fail(world, client):
    world.providers["alpha"].faults("a/failing", ("status", 500))
    with pytest.raises(openai.InternalServerError) as caught:
        ask(client, "test/failing")
    assert caught.value.code == "all_providers_failed"


def test_rate_limited(world, client):
    world.providers["alpha"].faults("a/failing", ("retry_after", 7))
    with pytest.raises(openai.RateLimitError) as caught:
        ask(client, "test/failing")
    assert 1 <= int(caught.value.response.headers["retry-after"]) <= 7


def test_stream_that_is_cut_raises(world, client):
    world.providers["alpha"].faults("a/failing", "cut_mid_stream")
    with ask(client, "test/failing", stream=True) as stream:
        with pytest.raises(openai.APIError):
            for chunk in stream:
                assert chunk.choices[0].finish_reason is None


def test_request_too_large(client):
    body = {"model": "test/chat", "messages": [{"role": "user", "content": "x" * (40 << 20)}]}
    with pytest.raises(openai.APIStatusError) as caught:
        client.post("/chat/completions", body=body, cast_to=object)
    assert caught.value.status_code == 413


def test_credits(client):
    """The charge shows as soon as the record is shipped, well under a second later."""
    before = client.get("/credits", cast_to=object)
    cost = nano_usd_of_float(ask(client).usage.cost)

    def charged():
        after = client.get("/credits", cast_to=object)
        used = nano_usd_of_float(after["total_used"]) - nano_usd_of_float(before["total_used"])
        left = nano_usd_of_float(before["balance"]) - nano_usd_of_float(after["balance"])
        return used == left >= cost
    wait_until("the charge shows in the credits", charged, timeout_s=patient(3))


def test_generation_is_there_at_once(client):
    raw = client.chat.completions.with_raw_response.create(model="test/chat", messages=MESSAGES)
    identity = raw.headers["x-generation-id"]
    generation = client.get(f"/generation?id={identity}", cast_to=object)["data"]
    usage = raw.parse().usage
    assert generation["id"] == identity
    assert generation["provider_name"] == "alpha"
    assert generation["native_tokens_prompt"] == usage.prompt_tokens
    assert generation["native_tokens_completion"] == usage.completion_tokens
    assert nano_usd_of_float(generation["total_cost"]) == nano_usd_of_float(usage.cost)
