"""Canary secrets: after traffic of every kind, no client key, provider key or prompt is in a log,
a metric, a configuration dump, an error or a file of any process."""
from pathlib import Path

from suite.wire import fetch

PROMPT = "canary-prompt-9f31c7e2"
BYTES_READ_MAX = 64 << 20


def traffic(world):
    """Success and failure of many kinds; returns every answer."""
    url = f"{world.base_url}/chat/completions"
    alpha = world.providers["alpha"]

    def ask(secret, **body):
        return fetch(url, "POST", secret, {
            "model": "test/shaky", "messages": [{"role": "user", "content": PROMPT}], **body})
    answers = [ask(world.key.secret), ask(world.key.secret, stream=True)]
    for fault in (("status", 500), ("status", 401), "cut_mid_stream", "garbage", "no_usage",
                  "refuse", ("retry_after", 1)):
        alpha.faults("a/shaky", fault)
        answers += [ask(world.key.secret), ask(world.key.secret, stream=True)]
    alpha.clear_faults()
    for key in (*world.bad_keys.values(), world.poor_key, world.capped_key):
        answers.append(ask(key.secret))
    answers.append(ask(world.key.secret, max_tokens="many"))
    answers.append(fetch(url, "POST", world.key.secret, f'{{"broken": "{PROMPT}"'.encode()))
    answers.append(fetch(f"{world.base_url}/nowhere?key={world.key.secret}",
                         key=world.key.secret))
    answers.append(fetch(f"{world.base_url}/generation?id={PROMPT}", key=world.key.secret))
    return answers


def test_no_secret_is_anywhere(world):
    answers = traffic(world)
    world.settle()
    secrets = {"client key": world.key.secret.encode(), "prompt": PROMPT.encode()}
    secrets.update({f"provider key of {name}": provider.api_key.encode()
                    for name, provider in world.providers.items()})
    secrets.update({f"{name} key": key.secret.encode() for name, key in world.bad_keys.items()})
    places = {f"answer {number} ({answer.status})":
              repr(sorted(answer.headers.items())).encode() + (
                  b"" if answer.succeeded or answer.is_stream else answer.body)
              for number, answer in enumerate(answers)}
    for page in ("metrics", "config_dump", "livez", "readyz"):
        places[page] = fetch(f"{world.ops_url}/{page}").body
        assert places[page]
    world.suite.stop()
    for path in sorted(Path(world.suite.directory).rglob("*")):
        if path.is_file() and not world.suite.is_input(path):
            places[str(path.relative_to(world.suite.directory))] = \
                path.read_bytes()[:BYTES_READ_MAX]
    hits = [f"{what} in {where}" for what, secret in secrets.items()
            for where, text in places.items() if secret in text]
    assert not hits, hits
    print(f"\n0 hits of {len(secrets)} secrets in {len(places)} places")
