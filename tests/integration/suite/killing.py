"""Programs that are killed under load, and what must be true afterwards.

A kill needs no quiet around it: the load goes on all the time, and the next kill comes some answers
after the program serves again.
"""
import itertools
import random
import time
from collections import Counter, defaultdict

from suite.agreement import (answer_differences, assert_agree, books_differences,
                             ledger_differences)
from suite.figures import Figures, seed
from suite.ledger import NANO_USD_PER_USD
from suite.load import Load, Shot
from suite.scale import patient, scaled
from suite.waiting import wait_until
from suite.wire import Target

CONCURRENCY = 8
DELAY_MS = 25  # Of each answer: so requests are always in flight, and the load leaves some CPU.
ANSWERS_BETWEEN_KILLS = max(CONCURRENCY, scaled(30))
KILLS_BETWEEN_NEWS = 10
# Leases last longer than billing may take to come back on a busy machine.
LONG_LEASES = "lease:\n  refill_horizon: 60s\n"
LEASE_SECONDS = 15
CAPS_USD = (0.01, 0.03, 0.5)  # Of keys that ask for CAPPED_MODEL and nothing else.
CAPPED_MODEL, CAPPED_SHARE = "test/cached", 8  # One request in so many.
REFUSED = {"budget_exceeded", "temporarily_reserved", "billing_unavailable"}


class CappedKeys:
    """Keys with hard caps, and what the provider may ask for them."""

    def __init__(self, world):
        self._world = world
        self._before = self._charged()
        self.keys = []
        self._budgets = []
        for usd in CAPS_USD:
            self.keys.append(world.workspace.key())
            self._budgets.append(world.admin.create_budget(self.keys[-1], usd))
        world.wait_for_config()

    def _charged(self):
        models = self._world.providers["alpha"].books()["models"]
        return models.get("a/cached", {}).get("charge_nano_usd", 0)

    def overspent(self, story):
        """The most that any cap was exceeded by: of each by the ledger, of all by the provider's
        books."""
        over = []
        for key, budget, usd in zip(self.keys, self._budgets, CAPS_USD):
            cap = round(usd * NANO_USD_PER_USD)
            spent = sum(r.charge_nano_usd for r in story.records if r.key_id == key.id)
            settled = self._world.ledger.account(f"budget/{budget.id}/all").settled_nano_usd
            assert spent == settled, f"{key.id}: records {spent}, budget {settled}"
            over.append(spent - cap)
        everything = round(sum(CAPS_USD) * NANO_USD_PER_USD)
        over.append(self._charged() - self._before - everything)
        print(f"caps of {CAPS_USD} USD: over by {over}")
        return max(over)


def endless_shots(world, name, capped):
    """JSON and streams, on models whose providers now and then fail; some on capped keys."""
    target = Target.of(world.base_url)
    models = ("test/chat", "test/fast", "test/reasoner", "test/shaky")
    for number in itertools.count():
        tag = f"{name}-{number}"
        key, model = world.key, models[number % len(models)]
        limited = capped is not None and number % CAPPED_SHARE == 0
        if limited:
            key, model = capped.keys[number // CAPPED_SHARE % len(CAPS_USD)], CAPPED_MODEL
        body = {"model": model, "user": tag, "stream": number % 3 == 0,
                "messages": [{"role": "user", "content": "tell me something " * (number % 20 + 1)}],
                "max_tokens": 50}
        yield Shot(tag, target.chat(key.secret, body), detail={"capped": limited})


def start_load(world, name, capped=None):
    """Endless load, of which some fails over."""
    for provider in world.providers.values():
        provider.faults("*", ("delay_ms", DELAY_MS))
    world.providers["alpha"].faults("a/shaky", ("status", 503, 0.2), ("delay_ms", DELAY_MS),
                                    seed=seed())
    return Load(world.api_urls, endless_shots(world, name, capped), CONCURRENCY,
                persistent=True).start()


def load_goes_on(load, answers):
    """Waits for so many answers more."""
    goal = len(load.done) + answers
    wait_until("the load goes on", lambda: len(load.done) >= goal, timeout_s=60, interval_s=0.002)


def kill_under_load(world, load, kills, kill, warm=lambda seconds: True):
    """Calls `kill` so often between answers; the shots, and how long each kill took until the
    program served again.

    The kills begin when `warm`, called with the seconds of load so far, says so.
    """
    rng = random.Random(seed())
    downtimes = []
    began = time.monotonic()
    wait_until("the load is warm", lambda: warm(time.monotonic() - began), timeout_s=60)
    for number in range(kills):
        if number % KILLS_BETWEEN_NEWS == 0:
            print(f"\n{number} of {kills} kills, {len(load.done)} requests", flush=True)
        load_goes_on(load, rng.randint(1, ANSWERS_BETWEEN_KILLS))
        started = time.monotonic()
        kill()
        load.retarget(world.api_urls)
        downtimes.append(time.monotonic() - started)
    load_goes_on(load, ANSWERS_BETWEEN_KILLS)
    load.stop()
    shots = load.join()
    downtimes.sort()
    print(f"\n{len(shots)} requests in {time.monotonic() - began:.1f} s, "
          f"{Counter(shot.state for shot in shots)}; kill to ready: median "
          f"{downtimes[kills // 2]:.2f} s, most {downtimes[-1]:.2f} s")
    return shots, downtimes


class Bystander:
    """A program that is killed beside another one: its start is not waited for."""

    def __init__(self, program):
        self._program = program
        self.kills = 0

    def kill(self):
        """Once more, when it has come back from the last time."""
        if self.kills:
            self._program.wait_ready()
        self._program.kill()
        self._program.start(wait=False)
        self.kills += 1

    def back(self):
        """Waits until it serves."""
        self._program.wait_ready()


def kill_and_start(program):
    """SIGKILL, and again."""
    program.kill()
    program.start()


def assert_nothing_lost_or_doubled(world, shots):
    """The agreement of answers, ledger, records and books."""
    world.settle()
    story = world.workspace.story()
    assert_agree(ledger_differences(story), answer_differences(story, shots),
                 *(books_differences(story.records_by(provider=name), provider.entries())
                   for name, provider in world.providers.items()))
    return story


def refused(shots):
    """Answered, and not as asked for, though nothing stood against it; the others must say why."""
    failed = [shot for shot in shots if shot.state == "answered" and not shot.answer.succeeded]
    codes = Counter(shot.answer.json["error"]["code"] for shot in failed if shot.detail["capped"])
    assert set(codes) <= REFUSED, codes
    return [shot for shot in failed if not shot.detail["capped"]]


def write_figures(case, kills, story, shots, downtimes=(), over=None):
    """What became of the requests, counted; what must not be has failed the test before."""
    found = defaultdict(set)
    for record in story.records:
        found[record.user].add(record.generation_id)
    lost = sum(shot.answer.succeeded and shot.tag not in found for shot in shots)
    doubled = sum(len(found.get(shot.tag, ())) > 1 for shot in shots)
    figures = Figures(case, kills).add("F2", "requests lost", lost, len(shots)).add(
        "F3", "requests doubled", doubled, len(shots))
    if over is not None:
        figures.add("F4", "nano-USD over a cap (below zero: under it)", over, len(CAPS_USD))
        figures.add("F5", "refused though there was money", len(refused(shots)),
                    sum(not shot.detail["capped"] for shot in shots))
    if downtimes:
        middle = downtimes[len(downtimes) // 2]
        figures.add("F7", "kill to ready, median", round(1000 * middle), kills, " ms")
        figures.add("F7", "kill to ready, most", round(1000 * downtimes[-1]), kills, " ms")
    figures.write()


def leased_for_a_while(world):
    """Whether the wallet's lease lasts for LEASE_SECONDS, as a function of the seconds so far."""
    before = world.workspace.wallet().spent_nano_usd

    def warm(seconds):
        wallet = world.workspace.wallet()
        spent = wallet.spent_nano_usd - before
        return spent > 0 and wallet.held_nano_usd > LEASE_SECONDS * spent / seconds
    return warm


def assert_no_money_stranded(world):
    """Former incarnations are closed: only what runs now holds money."""
    def closed():
        leases = world.ledger.leases(f"wallet/{world.workspace.id}")
        newest = max(lease.incarnation for lease in leases)
        open_ones = [l for l in leases if l.outstanding_nano_usd and l.incarnation != newest]
        assert not open_ones, open_ones
        return True
    wait_until("former incarnations are closed", closed, timeout_s=patient(30))
