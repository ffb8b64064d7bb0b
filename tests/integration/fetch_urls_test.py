"""Images by URL that the provider does not fetch by itself: `upstream.fetch_urls` on and off, and
where a gateway that fetches them does not go."""
import socket
import threading
from pathlib import Path

import pytest

from suite.provider import FakeProvider, Prices
from suite.waiting import wait_until
from suite.wire import fetch

MODEL = "test/sees"
SOLD_AS = "sees"
PRICES = Prices(input=2_500_000, output=10_000_000)

# Each the way of another disguise to this machine, its network, or the metadata of a cloud.
INWARD = [
    "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0.0.0.0", "10.0.0.1",
    "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "224.0.0.1", "255.255.255.255",
    "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
    "[64:ff9b:1::7f00:1]", "[2002:7f00:1::]", "[2001:0:7f00:1::]", "[fe80::1]", "[fd00:ec2::254]",
    "[ff02::1]", "[2001:db8::1]",
]


class Trap:
    """A server of this machine that counts who comes."""

    def __init__(self):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.visits = 0
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.visits += 1
            connection.close()

    def close(self):
        """Ends it."""
        self._socket.close()


@pytest.fixture(name="trap", scope="module")
def trap_fixture():
    """Where no request may come."""
    trap = Trap()
    yield trap
    trap.close()


@pytest.fixture(name="worlds", scope="module")
def worlds_fixture(make_world, tmp_path_factory):
    """A world that fetches, as by default, and one that does not; each with its provider."""
    made = {}
    for name, options in (("on", ""), ("off", "upstream:\n  fetch_urls: false\n")):
        world = make_world("separate", dataplane_options=options)
        made[name] = (world, sells(world, tmp_path_factory.mktemp(name)))
    yield made
    for world, provider in made.values():
        world.stop()
        provider.stop()


def sells(world, directory: Path):
    """A provider of Anthropic's format, which fetches by https only."""
    wire = f"{SOLD_AS}=input:{PRICES.input},output:{PRICES.output}"
    provider = FakeProvider("messages", {}, directory, "sk-messages",
                            extra=["--wire-model", wire]).start()
    world.admin.create("Provider", id="messages", display_name="Messages",
                       format="FORMAT_ANTHROPIC", base_url=f"{provider.url}/v1")
    world.admin.create("Credential", id="messages-cred", provider_id="messages",
                       secret=provider.api_key)
    world.admin.sell([(MODEL, "messages", SOLD_AS, PRICES)])
    wait_until("the model is there", lambda: ask(world, []).status == 200)
    return provider


def ask(world, images):
    """A chat completion with images by URL."""
    content = [{"type": "text", "text": "hello"}]
    content += [{"type": "image_url", "image_url": {"url": url}} for url in images]
    return fetch(f"{world.base_url}/chat/completions", "POST", world.key.secret, {
        "model": MODEL, "max_tokens": 50, "messages": [{"role": "user", "content": content}]})


@pytest.mark.parametrize("host", INWARD)
def test_nothing_is_fetched_from_within(worlds, trap, host):
    world, _ = worlds["on"]
    url = f"http://{host}:{trap.port}/latest/meta-data/"
    answer = ask(world, [url])
    assert answer.status == 400, answer.json
    error = answer.json["error"]
    assert error["code"] == "invalid_value"
    assert url in error["message"] and "could not be fetched: " in error["message"]
    # Whether something listens there is nobody's business: the words are always the same.
    nowhere = ask(world, [f"http://{host}:9/"]).json["error"]["message"]
    said = error["message"].split("could not be fetched: ")[1]
    assert nowhere.endswith(said)
    assert trap.visits == 0


def test_a_gateway_that_fetches_nothing_says_so(worlds, trap):
    world, _ = worlds["off"]
    for host in ("127.0.0.1", "one.one.one.one"):
        answer = ask(world, [f"http://{host}:{trap.port}/cat.png"])
        assert answer.status == 400, answer.json
        assert answer.json["error"]["code"] == "unsupported_parameter"
        assert "neither does this gateway; send its bytes" in answer.json["error"]["message"]
    assert trap.visits == 0


@pytest.mark.parametrize("name", ["on", "off"])
def test_what_the_provider_fetches_is_its_own_to_fetch(worlds, name):
    world, _ = worlds[name]
    answer = ask(world, ["https://pictures.example/cat.png"])
    assert answer.status == 200, answer.json


@pytest.mark.parametrize("name", ["on", "off"])
def test_bytes_need_no_fetching(worlds, name):
    world, _ = worlds[name]
    answer = ask(world, ["data:image/png;base64,iVBORw0KGgo="])
    assert answer.status == 200, answer.json
