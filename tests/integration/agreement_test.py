"""10,000 mixed requests: the ledger, the generation records and the providers' books agree."""
import random
import time
from collections import Counter

from suite.agreement import (answer_differences, assert_agree, books_differences,
                             ledger_differences)
from suite.load import Load, Shot
from suite.provider import entry_tokens
from suite.ledger import Tokens, enum_value
from suite.scale import scaled
from suite.wire import Target

REQUESTS = scaled(10_000)
CONCURRENCY = 64
SEED = 20261122
SECONDS_MAX = 60

# (model, how many in a hundred); what goes wrong is set in test_agreement().
MIX = (("test/chat", 30), ("test/fast", 20), ("test/reasoner", 12), ("test/cached", 12),
       ("test/shaky", 20), ("test/flat", 3), ("test/failing", 2), ("nobody/nothing", 1))
LEAVING_SHARE = 0.03  # Clients that leave after the first bytes of a stream.


def shots_for(world):
    """The mixed load, the same for a seed."""
    rng = random.Random(SEED)
    target = Target.of(world.base_url)
    models = [model for model, weight in MIX for _ in range(weight)]
    for number in range(REQUESTS):
        tag = f"mixed-{number}"
        stream = rng.random() < 0.5
        words = " ".join(rng.choice(("red", "green", "blue", "naïve", "日本"))
                         for _ in range(rng.randint(1, 60)))
        body = {"model": rng.choice(models), "user": tag,
                "messages": [{"role": "system", "content": "Be brief."},
                             {"role": "user", "content": words}]}
        if stream:
            body["stream"] = True
            if rng.random() < 0.5:
                body["stream_options"] = {"include_usage": True}
        if rng.random() < 0.2:
            body["max_tokens"] = rng.randint(1, 64)
        leave = 1 if stream and rng.random() < LEAVING_SHARE else None
        yield Shot(tag, target.chat(world.key.secret, body), detail={"model": body["model"]},
                   leave_after_bytes=leave)


def set_faults(world):
    """Failures before, within and after the answer; beta takes over where there is a beta."""
    alpha, beta = world.providers["alpha"], world.providers["beta"]
    alpha.faults("a/shaky", ("status", 503, 0.15), ("refuse", 0, 0.1), ("retry_after", 1, 0.1),
                 ("cut_mid_stream", 3, 0.05), ("no_usage", None, 0.05), ("delay_ms", 20, 0.1),
                 seed=1)
    beta.faults("b/shaky", ("status", 500, 0.1), seed=2)
    alpha.faults("a/failing", ("status", 500, 0.5), seed=3)


def test_agreement(world):
    set_faults(world)
    started = time.monotonic()
    shots = Load(world.base_url, shots_for(world), CONCURRENCY).run()
    seconds = time.monotonic() - started
    outcomes = Counter((shot.answer.status, shot.answer.succeeded) for shot in shots)
    print(f"\n{len(shots)} requests in {seconds:.1f} s ({len(shots) / seconds:.0f}/s): "
          f"{dict(outcomes)}")
    world.settle()
    story = world.workspace.story()
    stories = {name: story.records_by(provider=name) for name in world.providers}
    assert_agree(ledger_differences(story), answer_differences(story, shots),
                 *(books_differences(stories[name], provider.entries())
                   for name, provider in world.providers.items()))
    assert_mix_happened(shots, story, outcomes)
    assert_totals(world, stories)
    assert seconds < SECONDS_MAX


def assert_mix_happened(shots, story, outcomes):
    """The load had in it what it is meant to have; else the agreement would say little."""
    assert outcomes[(404, False)] > 0 and outcomes[(502, False)] > 0, outcomes
    assert sum(1 for shot in shots if shot.answer.header("x-tollgate-attempts") == "2") > 0
    for source in ("PROVIDER", "ESTIMATED", "NONE"):
        assert story.records_by(f"USAGE_SOURCE_{source}"), source
    answered = sum(1 for shot in shots if shot.state == "answered")
    assert answered > 0.9 * len(shots)
    unwanted = [shot for shot in shots if shot.answer.status not in (200, 404, 502)]
    assert not unwanted, Counter(shot.answer.status for shot in unwanted)


def assert_totals(world, stories):
    """Sums of the books' reported entries and of the records that rest on reports, by provider."""
    for name, provider in world.providers.items():
        reported = {entry["response_id"]: entry for entry in provider.entries()
                    if entry["usage_reported"]}
        records = [record for record in stories[name] if record.provider_response_id in reported]
        entries = [reported[record.provider_response_id] for record in records]
        assert sum(e["charge_nano_usd"] for e in entries) == sum(
            r.cost_nano_usd for r in records)
        assert Counter(map(entry_tokens, entries)) == Counter(map(Tokens.of_record, records))
        books = provider.books()
        worked = [record for record in stories[name]
                  if record.usage_source != enum_value("USAGE_SOURCE_NONE")]
        assert books["requests"] == len(worked), name
        print(f"{name}: {books['requests']} requests, {books['charge_nano_usd']} nano-USD in the "
              f"books, {sum(r.charge_nano_usd for r in stories[name])} charged")
