"""The fake provider: what it sells, the faults it shows, and its own books."""
import os
from dataclasses import dataclass
from pathlib import Path

from suite.ledger import Tokens
from suite.process import Process
from suite.wire import fetch

BOOKS_ENTRIES_MAX = 1_000_000
PICO_USD_PER_NANO_USD = 1000


def build_dir():
    """The build folder under test."""
    return Path(os.environ["TOLLGATE_BUILD_DIR"])


@dataclass(frozen=True)
class Prices:
    """In pico-USD per token, and per request."""

    input: int = 2_500_000
    output: int = 10_000_000
    cache_read: int | None = None
    reasoning: int | None = None
    request: int = 0

    @property
    def flag(self):
        """input:output[:cache_read[:reasoning[:request]]], as `fake-provider --model` has it.

        A model with a price of its own for reading its cache reports half of each prompt as read;
        one with a price for reasoning reasons.
        """
        parts = [self.input, self.output]
        if self.request:
            parts += [self.cache_read or self.input, self.reasoning or self.output, self.request]
        elif self.reasoning is not None:
            parts += [self.cache_read or self.input, self.reasoning]
        elif self.cache_read is not None:
            parts.append(self.cache_read)
        return ":".join(str(part) for part in parts)

    def charge_nano_usd(self, tokens):
        """What one request of these tokens costs: summed exactly, rounded once, half up."""
        cache_read = self.input if self.cache_read is None else self.cache_read
        reasoning = self.output if self.reasoning is None else self.reasoning
        pico = (tokens.input_text * self.input + tokens.cache_read * cache_read +
                tokens.output_text * self.output + tokens.output_reasoning * reasoning +
                self.request)
        return (pico + PICO_USD_PER_NANO_USD // 2) // PICO_USD_PER_NANO_USD


@dataclass(frozen=True)
class WirePrices:
    """In pico-USD per token, and per request; a class that is None costs what its text does."""

    input: int
    output: int
    cache_read: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    reasoning: int | None = None
    input_audio: int | None = None
    output_audio: int | None = None
    request: int = 0

    @property
    def flag(self):
        """As `fake-provider --wire-model` has it."""
        return ",".join(f"{name}:{price}" for name, price in vars(self).items() if price)


class FakeProvider:
    """A fake-provider process that sells `models`: name → Prices, as OpenAI chat completions, and
    `wire_models`: name → WirePrices, in every format."""

    def __init__(self, name, models, directory, api_key, token_interval_ms=0, extra=(),
                 wire_models=None):
        self.name = name
        self.models = dict(models)
        self.api_key = api_key
        flags = [part for model, prices in self.models.items()
                 for part in ("--model", f"{model}={prices.flag}")]
        flags += [part for model, prices in (wire_models or {}).items()
                  for part in ("--wire-model", f"{model}={prices.flag}")]
        self._process = Process(
            f"provider-{name}",
            [build_dir() / "bin" / "fake-provider", "--listen", "127.0.0.1:0", "--api-key", api_key,
             "--ready-file", Path(directory) / f"provider-{name}.ready",
             "--token-interval-ms", token_interval_ms, *flags, *extra], directory)

    def start(self):
        """Starts it."""
        self._process.start()
        return self

    def stop(self):
        """Ends it."""
        return self._process.terminate()

    def restart(self):
        """Ends it and starts it again at the same address, with empty books and no faults."""
        address = self.url.removeprefix("http://")
        self._process.terminate()
        self._process.argv[self._process.argv.index("--listen") + 1] = address
        self._process.start()

    @property
    def url(self):
        """Its base URL, without /v1."""
        return self._process.ready["url"]

    def faults(self, model, *faults, seed=0):
        """Replaces the faults of a model ("*" for all that have none of their own).

        A fault is a kind, or (kind, value), or (kind, value, probability); see
        tests/support/fake_provider/fault_plan.h.
        """
        def as_json(fault):
            kind, value, probability = (*((fault,) if isinstance(fault, str) else fault),
                                        None, None)[:3]
            out = {"kind": kind}
            if value is not None:
                out["value"] = value
            if probability is not None:
                out["probability"] = probability
            return out
        answer = fetch(f"{self.url}/control", "POST", body={
            "model": model, "seed": seed, "faults": [as_json(fault) for fault in faults]})
        assert answer.status == 200, answer.body

    def clear_faults(self):
        """No faults for any model."""
        for model in (*self.models, "*"):
            self.faults(model)

    def books(self):
        """The totals of the books."""
        return fetch(f"{self.url}/books").json

    def entries(self):
        """Every single request that was worked on, oldest first."""
        books = fetch(f"{self.url}/books?requests={BOOKS_ENTRIES_MAX}", timeout_s=60).json
        return list(reversed(books.get("entries", [])))

    def entry(self, response_id):
        """The one entry of this response id."""
        found = [entry for entry in self.entries() if entry["response_id"] == response_id]
        assert len(found) == 1, f"{response_id}: {len(found)} entries"
        return found[0]

    def seen(self):
        """With --record: the last requests, newest first."""
        return fetch(f"{self.url}/seen").json


def entry_tokens(entry):
    """The tokens of one entry of the books."""
    return Tokens(**entry["tokens"])
