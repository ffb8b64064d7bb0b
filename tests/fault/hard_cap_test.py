"""A hard budget holds for any number of nodes and any concurrency, by the provider's own books."""
from collections import Counter

from suite.load import Load, Shot
from suite.ledger import NANO_USD_PER_USD
from suite.waiting import wait_until
from suite.wire import Target, fetch

CAP_USD = 1
PRICE_NANO_USD = NANO_USD_PER_USD // 10  # test/flat
REQUESTS = 300
CONCURRENCY = 300


def test_one_dollar_on_two_nodes(two_node_world):
    world = two_node_world
    key = world.workspace.key()
    world.admin.create_budget(key, CAP_USD)
    world.wait_for_config()
    target = Target.of(world.base_url)
    message = [{"role": "user", "content": "x"}]
    shots = [Shot(f"cap-{number}", target.chat(key.secret, {
        "model": "test/flat", "user": f"cap-{number}", "messages": message}))
        for number in range(REQUESTS)]
    world.providers["alpha"].faults("a/flat", ("delay_ms", 30))
    Load(world.api_urls, shots, CONCURRENCY).run()
    statuses = Counter(shot.answer.status for shot in shots)
    codes = Counter(shot.answer.json["error"]["code"] for shot in shots
                    if not shot.answer.succeeded)
    print(f"\n{dict(statuses)} {dict(codes)}")
    cap = CAP_USD * NANO_USD_PER_USD
    assert books_of(world) <= cap
    assert set(codes) <= {"budget_exceeded", "temporarily_reserved"}
    assert statuses[200] * PRICE_NANO_USD == books_of(world)

    def spent_to_the_last():
        """No false refusal: what is left can be spent, from either node."""
        for url in world.api_urls:
            fetch(f"{url}/v1/chat/completions", "POST", key.secret,
                  {"model": "test/flat", "messages": message})
        return books_of(world) >= cap
    wait_until("the whole budget is spent", spent_to_the_last, timeout_s=20)
    assert books_of(world) == cap
    for url in world.api_urls:
        answer = fetch(f"{url}/v1/chat/completions", "POST", key.secret,
                       {"model": "test/flat", "messages": message})
        assert answer.status == 402 and answer.json["error"]["code"] == "budget_exceeded"
    world.settle()
    charged = sum(record.charge_nano_usd for record in world.workspace.story().records
                  if record.key_id == key.id)
    assert charged == cap


def books_of(world):
    """What the provider would charge for the model of this test."""
    return world.providers["alpha"].books()["models"].get("a/flat", {}).get("charge_nano_usd", 0)
