"""Budgets on every scope, templates and raises; price rules with their margin; credit that expires,
and refunds: what administrators say about money, as callers and the books see it."""
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from threading import Thread

import pytest

from suite.checks import error_of
from suite.ledger import NANO_USD_PER_USD, nano_usd
from suite.scale import patient
from suite.waiting import wait_until
from suite.wire import fetch

FLAT_USD = Decimal("0.1")  # A request to test/flat.
MESSAGES = [{"role": "user", "content": "x"}]
SCOPES = ("organization", "workspace", "project", "member", "key", "quota_entity")


class Scene:
    """A workspace of an organization of its own, with one thing of each kind in it."""

    def __init__(self, world):
        self.admin = world.admin
        self.url = world.base_url
        number = world.admin.next_number()
        self.ids = {"organization": world.admin.create_organization(f"org-{number}")}
        self.workspace = world.admin.create_workspace(f"ws-{number}", self.ids["organization"], 100)
        self.ids["workspace"] = self.workspace.id
        for kind in ("Project", "Member"):
            self.ids[kind.lower()] = world.admin.create(
                kind, id=f"{kind.lower()}-{number}", workspace_id=self.workspace.id).id
        self.key = self.workspace.key(project_id=self.ids["project"], member_id=self.ids["member"])
        self.ids["key"] = self.key.id
        self.entity = f"user {number}"
        self.ids["quota_entity"] = world.admin.call(
            "QuotaEntityService/CreateQuotaEntity", quota_entity={
                "workspace_id": self.workspace.id, "name": self.entity}).id
        world.wait_for_key(self.key)

    def ask(self, key=None, entity=None):
        """A request of $0.10 on behalf of the quota entity."""
        return fetch(f"{self.url}/chat/completions", "POST", (key or self.key).secret,
                     {"model": "test/flat", "messages": MESSAGES},
                     [("x-tollgate-quota-entity", entity or self.entity)])

    def budget(self, scope, usd, **fields):
        """A hard budget on the thing of that kind."""
        fields.setdefault("period", "PERIOD_MONTHLY")
        return self.admin.create(
            "Budget", id=f"budget-{self.admin.next_number()}", hard=True, scope_id=self.ids[scope],
            scope_kind=f"SCOPE_KIND_{scope.upper()}", limit_nano_usd=nano_usd(usd), **fields)

    def served(self, attempts, **who):
        """How many of so many are served; the first refusal."""
        answers = [self.ask(**who) for _ in range(attempts)]
        refused = [answer for answer in answers if not answer.succeeded]
        return len(answers) - len(refused), refused[0] if refused else None

    def bound(self):
        """Until the node has the configuration of now."""
        probe = self.workspace.key()
        wait_until("the node knows", lambda: fetch(f"{self.url}/models", key=probe.secret).status
                   == 200)


@pytest.fixture(name="scene")
def scene_(world):
    """A scene."""
    return Scene(world)


@pytest.mark.parametrize("scope", SCOPES)
def test_each_scope_caps_and_says_so(scene, scope):
    budget = scene.budget(scope, "0.3")
    scene.bound()
    served, refused = scene.served(5)
    assert served == 3
    error = error_of(refused)
    assert (refused.status, error["code"], error["param"]) == (402, "budget_exceeded", budget.id)
    assert refused.header("x-tollgate-error") == "budget_exceeded"
    assert refused.header("x-tollgate-budget") == budget.id
    assert refused.header("x-tollgate-budget-scope") == f"{scope}/{scene.ids[scope]}"
    resets = refused.header("x-tollgate-budget-reset")
    assert resets.endswith("-01T00:00:00Z")
    assert scene.ids[scope] in error["message"] and resets in error["message"]


def test_all_of_them_at_once_and_the_tightest_binds(scene):
    for number, scope in enumerate(SCOPES):
        scene.budget(scope, Decimal(number + 3) / 10, period="PERIOD_NONE")
    scene.bound()
    served, refused = scene.served(4)
    assert served == 3
    assert refused.header("x-tollgate-budget-scope").startswith("organization/")
    assert refused.header("x-tollgate-budget-reset") is None, "it never starts anew"


def test_the_three_refusals_are_told_apart(world, scene):
    world.providers["alpha"].faults("a/chat", ("repeat", 8), ("slow", patient(2)))
    scene.budget("key", FLAT_USD)
    scene.bound()
    poor = world.poor_key
    assert_refused(fetch(f"{world.base_url}/chat/completions", "POST", poor.secret,
                         {"model": "test/flat", "messages": MESSAGES}), 402, "insufficient_balance")
    first = {}  # A stream that holds some of the budget while it runs.
    holder = Thread(target=lambda: first.update(answer=fetch(
        f"{scene.url}/chat/completions", "POST", scene.key.secret,
        {"model": "test/chat", "messages": MESSAGES, "max_tokens": 2000, "stream": True})))
    holder.start()
    wait_until("the first holds", lambda: world.metric("tollgate_spool_open_intents") >= 1)
    reserved = scene.ask()
    assert_refused(reserved, 429, "temporarily_reserved")
    assert int(reserved.header("retry-after")) >= 1 and int(reserved.header("retry-after-ms")) > 0
    holder.join()
    world.providers["alpha"].clear_faults()
    assert first["answer"].succeeded
    assert_refused(scene.ask(), 402, "budget_exceeded")


def assert_refused(answer, status, code):
    """In status, body and header."""
    assert (answer.status, error_of(answer)["code"]) == (status, code)
    assert answer.header("x-tollgate-error") == code


def test_a_template_caps_each_and_a_budget_of_ones_own_replaces_it(scene):
    scene.budget("workspace", "0.2", each_kind="SCOPE_KIND_KEY")
    scene.budget("workspace", "0.3", each_kind="SCOPE_KIND_QUOTA_ENTITY")
    other = scene.workspace.key()
    scene.bound()
    assert scene.served(4, entity="one")[0] == 2
    assert scene.served(4, key=other, entity="two")[0] == 2, "a key made later has it too"
    third = scene.workspace.key()
    scene.bound()
    served, refused = scene.served(4, key=third, entity="one")
    assert served == 1 and refused.header("x-tollgate-budget-scope").startswith("quota_entity/")
    scene.budget("key", "0.5")
    scene.bound()
    assert scene.served(6, entity="three")[0] == 3, "the entity's template still holds"
    assert scene.served(6, entity="four")[0] == 2, "and of the key's own budget this is left"


def test_a_raise_holds_for_its_time(scene):
    until = datetime.now(timezone.utc) + timedelta(seconds=patient(4))
    budget = scene.budget("key", "0.1")
    scene.bound()
    assert scene.served(2)[0] == 1
    scene.admin.update("Budget", "raises", id=budget.id, raises=[{
        "amount_nano_usd": nano_usd("0.2"), "until": until.isoformat().replace("+00:00", "Z")}])
    scene.bound()
    wait_until("the raise holds", lambda: scene.ask().succeeded)
    wait_until("it is over", lambda: datetime.now(timezone.utc) > until, patient(10))
    wait_until("what is left of it is gone", lambda: not scene.ask().succeeded)
    assert error_of(scene.ask())["code"] == "budget_exceeded"


def test_a_price_rule_changes_the_charge_and_keeps_the_margin(world, scene):
    rule_id = f"rule-{scene.admin.next_number()}"
    scene.admin.call("PriceRuleService/CreatePriceRule", price_rule={
        "id": rule_id, "workspace_id": scene.workspace.id,
        "provider_ids": ["alpha"], "adjust_ppm": 150_000})
    scene.bound()
    answer = scene.ask()
    assert answer.succeeded
    assert Decimal(answer.header("x-tollgate-cost")) == FLAT_USD * Decimal("1.15")
    found = world.ledger.wait_for_generations(scene.workspace.id,
                                              [answer.header("x-generation-id")])
    record, = found[0].attempts
    assert record.charge_nano_usd == nano_usd("0.115")
    assert record.cost_nano_usd == record.market_cost_nano_usd == nano_usd("0.1")
    assert record.price_adjust_ppm == 150_000 and record.price_rule_id
    entry, = world.ledger.usage_entries(scene.workspace.id)
    amounts = {posting.account.split("/")[0]: abs(posting.amount_nano_usd)
               for posting in entry.postings}
    assert amounts["holds"] == amounts["revenue"] == nano_usd("0.115")
    assert amounts["cost"] == amounts["payable"] == nano_usd("0.1"), "the margin is in the books"

    # The audit, at the end, charges each again by the version that it was charged with.
    scene.admin.call("PriceRuleService/UpdatePriceRule", update_mask="adjustPpm",
                     price_rule={"id": rule_id, "adjust_ppm": -200_000})
    scene.bound()
    wait_until("the rule is another one", lambda: Decimal(
        scene.ask().header("x-tollgate-cost")) == FLAT_USD * Decimal("0.8"), patient(10))
    scene.admin.call("PriceRuleService/DeletePriceRule", id=rule_id)
    wait_until("and gone", lambda: Decimal(scene.ask().header("x-tollgate-cost")) == FLAT_USD,
               patient(10))
    world.settle()
    versions = {(record.price_adjust_ppm, record.price_rule_version)
                for record in scene.workspace.story().records}
    assert sorted(ppm for ppm, _ in versions) == [-200_000, 0, 150_000]
    assert len({version for _, version in versions}) == 3


def test_credit_that_expires_and_refunds(world, scene):
    balance = scene.workspace.wallet().balance_nano_usd
    expires = datetime.now(timezone.utc) + timedelta(seconds=patient(6))
    world.ledger.grant_credit(scene.workspace.id, nano_usd(5), expires)
    assert scene.workspace.wallet().balance_nano_usd == balance + nano_usd(5)
    answer = scene.ask()
    assert answer.succeeded
    world.settle()
    credit, = world.ledger.credits(scene.workspace.id)
    assert credit.remaining_nano_usd == nano_usd("4.9"), "it is spent before other money"
    # What leases hold of it leaves when they give it back.
    wait_until("the rest of it has left", lambda: scene.workspace.wallet().balance_nano_usd
               == balance, patient(60))
    refund = world.ledger.refund(scene.workspace.id, answer.header("x-generation-id"))
    assert refund.generation_id == answer.header("x-generation-id")
    assert scene.workspace.wallet().balance_nano_usd == balance + FLAT_USD * NANO_USD_PER_USD
