"""What a node held when it died: nothing is stranded once it is back on its disk; without the disk
it is exactly its leases, shown, and freed by one command. And that a lease is worth having: while
it lasts, no request asks anybody.
"""
import re
import shutil
import signal

import pytest

from suite.figures import Figures
from suite.ledger import NANO_USD_PER_USD, enum_value
from suite.load import Load, Shot
from suite.scale import scaled
from suite.waiting import wait_until
from suite.wire import Target, fetch

CAP_USD = 2
PRICE_NANO_USD = NANO_USD_PER_USD // 10  # test/flat
MESSAGES = [{"role": "user", "content": "x"}]
REQUESTS = scaled(2000)
CONCURRENCY = 16
QUESTIONS_MAX = 10  # Renewals and refills, by time and not by request.


@pytest.fixture(name="world", scope="module")
def world_fixture(make_world):
    """Two data planes."""
    world = make_world("separate", dataplanes=2)
    yield world
    world.stop()


def ask(url, key, model="test/flat"):
    """One request at one node."""
    return fetch(f"{url}/v1/chat/completions", "POST", key.secret,
                 {"model": model, "messages": MESSAGES})


def held(world, state):
    """What leases of one state hold, by account."""
    sums = {}
    for lease in world.ledger.leases():
        if lease.outstanding_nano_usd and lease.State.Name(lease.state) == state:
            sums[lease.account] = sums.get(lease.account, 0) + lease.outstanding_nano_usd
    return sums


def capped_key(world):
    """A key with a hard budget; the key and the budget's account."""
    key = world.workspace.key()
    budget = world.admin.create_budget(key, CAP_USD)
    world.wait_for_config()
    return key, f"budget/{budget.id}/all"


def test_disk_kept(world):
    """It restarts and closes what its former life held: nothing stays behind."""
    node = world.suite.dataplanes[0]
    key, account = capped_key(world)
    assert ask(world.api_urls[0], key).succeeded
    world.settle()
    assert world.ledger.account(account).outstanding_nano_usd > 0, "else this test shows nothing"
    node.kill()
    node.start()

    def nothing_suspended():
        return not held(world, "STATE_SUSPENDED")
    wait_until("what the former incarnation held is free", nothing_suspended, 30)
    Figures("L-07-kept").add("F5", "nano-USD stranded with the disk kept",
                             sum(held(world, "STATE_SUSPENDED").values()), 1).write()


def test_disk_destroyed(world):
    """Its leases are suspended, and nobody can spend them, until an operator says so."""
    node = world.suite.dataplanes[1]
    key, account = capped_key(world)
    assert ask(world.api_urls[1], key).succeeded
    world.settle()
    before = {l.account: l.outstanding_nano_usd for l in world.ledger.leases()
              if l.node_id == node_id(world, node) and l.outstanding_nano_usd}
    identity = node_id(world, node)
    node.kill()
    shutil.rmtree(world.suite.directory / node.name)
    node.start()  # Another node, as far as anybody knows.
    assert node_id(world, node) != identity
    wait_until("the lost leases are suspended", lambda: before.items() <= held(
        world, "STATE_SUSPENDED").items())
    stranded = sum(held(world, "STATE_SUSPENDED").values())
    assert stranded == sum(before.values()), "no more than its leases"
    shown = world.suite.cli("leases", "--account", account).stdout
    assert "suspended" in shown.lower() and identity in shown

    cap = CAP_USD * NANO_USD_PER_USD
    free = cap - PRICE_NANO_USD - before[account]

    def spent_what_is_free():
        ask(world.api_urls[0], key)
        ask(world.api_urls[1], key)
        return world.ledger.account(account).settled_nano_usd >= PRICE_NANO_USD + free
    wait_until("what is free is spent", spent_what_is_free, 20)
    answer = ask(world.api_urls[0], key)
    assert answer.json["error"]["code"] == "temporarily_reserved", answer.body

    done = world.suite.cli("leases", "resolve-node", identity)
    assert f"{len(before)} leases" in done.stdout, done.stdout
    assert not held(world, "STATE_SUSPENDED")
    wait_until("the money is there again", lambda: ask(world.api_urls[0], key).succeeded, 5)
    losses = world.ledger.entries(world.workspace.id, ["ENTRY_KIND_LOSS"])
    wallet = f"wallet/{world.workspace.id}"
    assert [e for e in losses if identity in e.description and any(
        p.account == wallet and p.amount_nano_usd == before[wallet] for p in e.postings)], \
        "the journal says what was written off"
    resolved = [e for e in world.ledger.entries("", ["ENTRY_KIND_RESOLUTION"])
                if identity in e.description]
    assert {e.postings[0].account: e.postings[0].amount_nano_usd for e in resolved} == {
        f"resolved/{account}": amount for account, amount in before.items()}
    assert all(e.actor for e in resolved + losses), "and who said so"
    shown = world.suite.cli("leases", "resolved").stdout
    assert all(e.description in shown and e.actor in shown for e in resolved), shown
    again = world.suite.cli("leases", "resolve-node", identity)
    assert "0 leases" in again.stdout
    Figures("L-07-destroyed").add(
        "F5", "nano-USD stranded beyond the lost node's leases",
        stranded - sum(before.values()), sum(before.values())).add(
        "F5", "nano-USD stranded after one command", 0, stranded).write()


def node_id(world, process):
    """The id that a data plane has on its disk."""
    path, = (world.suite.directory / process.name).rglob("node")
    return re.search(r"^node_id (\w+)$", path.read_text(encoding="utf-8"), re.MULTILINE)[1]


def test_no_question_while_a_lease_lasts(world):
    """Two thousand requests ask a few times, by the clock; with billing frozen, none does."""
    url = world.api_urls[0]
    target = Target.of(url)

    def shots(name, count):
        return [Shot(f"{name}-{n}", target.chat(world.key.secret, {
            "model": "test/fast", "user": f"{name}-{n}", "messages": MESSAGES}))
            for n in range(count)]
    Load(url, shots("warm", REQUESTS // 4), CONCURRENCY).run()
    before = world.metric("tollgate_lease_requests_total")
    done = Load(url, shots("leased", REQUESTS), CONCURRENCY).run()
    questions = world.metric("tollgate_lease_requests_total") - before
    assert all(shot.answer.succeeded for shot in done)
    world.suite.billing.signal(signal.SIGSTOP)
    try:
        frozen = Load(url, shots("frozen", 100), CONCURRENCY).run()
    finally:
        world.suite.billing.signal(signal.SIGCONT)
    assert all(shot.answer.succeeded for shot in frozen)
    Figures("LEASE-1").add("F1", "questions to billing", round(questions), REQUESTS).write()
    assert questions <= QUESTIONS_MAX
