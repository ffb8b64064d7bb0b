"""An independent provider, whose journal must agree with the ledger's generation records."""
from collections import Counter

import pytest

from suite.agreement import assert_agree, answer_differences, ledger_differences
from suite.aimock import Aimock, journal_tokens
from suite.ledger import Tokens, enum_value
from suite.load import Load, Shot
from suite.provider import Prices
from suite.wire import Target

PRICES = {
    "mock/chat": Prices(3_000_000, 15_000_000),
    "mock/tools": Prices(250_000, 1_250_000),
    "mock/uncounted": Prices(1_000_000, 2_000_000),
}
TOOL_CALLS = [{"name": "get_weather", "arguments": '{"city":"Oslo"}'},
              {"name": "get_wind", "arguments": '{"city":"Bergen"}'}]
FIXTURES = [
    {"match": {"model": "chat"},
     "response": {"content": "An answer that somebody else's mock made up.",
                  "usage": {"prompt_tokens": 13, "completion_tokens": 17, "total_tokens": 30}}},
    {"match": {"model": "tools"},
     "response": {"toolCalls": TOOL_CALLS,
                  "usage": {"prompt_tokens": 101, "completion_tokens": 23, "total_tokens": 124}}},
    # aimock counts by itself where a fixture does not say.
    {"match": {"model": "uncounted"}, "response": {"content": "Nobody said how long this is."}},
]
REQUESTS = 300


@pytest.fixture(name="aimock", scope="module")
def aimock_fixture(world):
    """aimock, sold as provider "aimock"."""
    mock = Aimock(world.directory, FIXTURES).start()
    world.admin.sell([(model, "aimock", model.removeprefix("mock/"), prices)
                      for model, prices in PRICES.items()])
    world.admin.add_provider("aimock", f"{mock.url}/v1", ["aimock-key"])
    world.wait_for_models(PRICES)
    yield mock
    mock.stop()


def shots_for(world):
    """Every model, streamed or not, with and without include_usage."""
    target = Target.of(world.base_url)
    for number in range(REQUESTS):
        model = list(PRICES)[number % len(PRICES)]
        tag = f"aimock-{number}"
        body = {"model": model, "user": tag, "stream": number % 2 == 0,
                "messages": [{"role": "user", "content": f"Question number {number}"}]}
        if number % 4 == 0:
            body["stream_options"] = {"include_usage": True}
        yield Shot(tag, target.chat(world.key.secret, body), detail={"model": model})


def test_journal_and_ledger_agree(world, aimock):
    shots = Load(world.base_url, shots_for(world), concurrency=16).run()
    assert all(shot.answer.succeeded for shot in shots), Counter(s.answer.status for s in shots)
    world.settle()
    story = world.workspace.story()
    assert_agree(ledger_differences(story), answer_differences(story, shots))
    records = story.records_by(provider="aimock")
    journal = aimock.journal()
    assert len(journal) == len(records) == REQUESTS
    assert (Counter(entry["body"]["model"] for entry in journal) ==
            Counter(record.model_id.removeprefix("mock/") for record in records))
    by_model = {entry["body"]["model"]: journal_tokens(entry) for entry in journal}
    for record in records:
        assert record.usage_source == enum_value("USAGE_SOURCE_PROVIDER")
        tokens = Tokens.of_record(record)
        stated = by_model[record.model_id.removeprefix("mock/")]
        assert stated in (None, (tokens.input_text, tokens.output_text)), record.generation_id
        assert record.charge_nano_usd == PRICES[record.model_id].charge_nano_usd(tokens)
    streamed = [entry for entry in journal if entry["body"].get("stream")]
    assert all(entry["body"]["stream_options"]["include_usage"] for entry in streamed), \
        "usage is asked of the provider even when the client did not ask"


def test_journal_has_no_more_than_was_sent(world, aimock):
    """A request that the mock refuses is tried once and costs nothing."""
    before = len(aimock.journal())
    world.admin.sell([("mock/nothing", "aimock", "no-such-fixture", Prices())])
    world.wait_for_models(["mock/nothing"])
    target = Target.of(world.base_url)
    shot = Shot("refused", target.chat(world.key.secret, {
        "model": "mock/nothing", "user": "refused",
        "messages": [{"role": "user", "content": "x"}]}))
    spent = world.workspace.wallet().spent_nano_usd
    Load(world.base_url, [shot], 1).run()
    assert not shot.answer.succeeded
    world.settle()
    assert len(aimock.journal()) == before + 1
    assert world.workspace.wallet().spent_nano_usd == spent
