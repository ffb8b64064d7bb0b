"""The `tollgate` command against running services."""
import json
import re

import pytest

from suite.ledger import nano_usd
from suite.wire import fetch

WORLD = """
kind: organization
id: acme-inc
spec:
  display_name: ACME Inc.
---
kind: workspace
id: shop
spec:
  organization_id: acme-inc
---
kind: key
id: shop-key
spec:
  workspace_id: shop
  display_name: The shop
  allowed_models: ["test/*"]
---
kind: budget
id: shop-daily
spec:
  scope_kind: key
  scope_id: shop-key
  limit_usd: 2.5
  period: daily
  hard: true
---
kind: alias
id: smart
spec:
  model_ids: [test/chat, test/fast]
---
kind: route
id: shop-route
spec:
  workspace_id: shop
  model_pattern: "test/*"
  order: [beta, alpha]
"""

PRICES = {
    "cli-vendor/small": {
        "litellm_provider": "openai", "mode": "chat", "input_cost_per_token": 1.5e-07,
        "output_cost_per_token": 6e-07, "max_input_tokens": 1000, "max_output_tokens": 100},
    "cli-vendor/priceless": {"litellm_provider": "openai", "mode": "chat"},
}


@pytest.fixture(name="cli", scope="module")
def cli_fixture(world):
    """Runs `tollgate ...` and gives its output."""
    return lambda *arguments, **options: world.suite.cli(*arguments, **options).stdout


@pytest.fixture(name="applied", scope="module")
def applied_fixture(world, cli):
    """The file that was applied, and what `apply` said."""
    path = world.directory / "world.yaml"
    path.write_text(WORLD, encoding="utf-8")
    preview = cli("apply", "-f", path, "--dry-run")
    assert "6 to create" in preview
    assert world.suite.cli("get", "workspace", "shop", check=False).returncode == 1, \
        "--dry-run changed something"
    return path, cli("apply", "-f", path)


def secret_of(output):
    """The key that a command showed."""
    return re.search(r"tg_live_\w+", output).group(0)


def test_apply_creates_and_a_second_time_changes_nothing(applied, cli):
    path, output = applied
    assert "6 created" in output and "key/shop-key created" in output
    assert "6 unchanged" in cli("apply", "-f", path)
    assert "0 to create, 0 to update, 6 unchanged" in cli("apply", "-f", path, "--dry-run")


def test_what_get_prints_apply_accepts(applied, cli):
    assert applied
    everything = cli("get", "all", "-o", "yaml")
    assert re.search(r"0 created, 0 updated, \d+ unchanged", cli(
        "apply", "-f", "-", stdin=everything))


def test_apply_shows_and_makes_a_change(applied, cli, world):
    path, _ = applied
    changed = path.with_name("changed.yaml")
    changed.write_text(WORLD.replace("limit_usd: 2.5", "limit_usd: 3.25"), encoding="utf-8")
    assert "budget/shop-daily would be updated" in cli("apply", "-f", changed, "--dry-run")
    assert "1 updated" in cli("apply", "-f", changed)
    assert world.suite.cli_json("get", "budget", "shop-daily")["spec"]["limit_usd"] == "3.25"
    assert "1 updated" in cli("apply", "-f", path)


def test_apply_names_the_line_at_fault(world):
    done = world.suite.cli("apply", "-f", "-", check=False, stdin=WORLD.replace(
        "display_name: The shop", "dislay_name: The shop"))
    assert done.returncode != 0 and re.search(r":\d+: ", done.stderr), done.stderr
    assert "dislay_name" in done.stderr


def test_an_applied_key_works_and_a_revoked_one_does_not(applied, world, cli):
    secret = secret_of(applied[1])
    cli("topup", "shop", "5")
    world.wait_for_key(type("", (), {"id": "shop-key", "secret": secret}))
    answer = ask(world, secret, "smart")
    assert answer.succeeded and answer.header("x-tollgate-provider") == "beta", answer.body
    created = cli("keys", "create", "-w", "shop", "--id", "short-lived", "--expires", "720h")
    short_lived = type("", (), {"id": "short-lived", "secret": secret_of(created)})
    world.wait_for_key(short_lived)
    assert "short-lived" in cli("keys", "list", "-w", "shop")
    cli("keys", "revoke", "short-lived")
    assert "revoked" in cli("keys", "list", "-w", "shop")


def ask(world, secret, model):
    """One chat completion."""
    return fetch(f"{world.base_url}/chat/completions", "POST", secret, {
        "model": model, "messages": [{"role": "user", "content": "hello"}]})


def test_topup_is_idempotent_and_the_statement_sums_to_the_wallet(applied, world, cli):
    secret = secret_of(applied[1])
    for _ in range(3):
        cli("topup", "shop", "1.25", "--request-id", "payment-17")
    different = world.suite.cli("topup", "shop", "2", "--request-id", "payment-17", check=False)
    assert different.returncode == 1 and "EXISTS_WITH_DIFFERENT_CONTENTS" in different.stderr
    for model in ("test/chat", "test/fast"):
        assert ask(world, secret, model).succeeded
    world.settle()
    wallet = world.suite.cli_json("wallet", "shop")
    statement = world.suite.cli_json("statement", "shop", "--limit", "1000")
    changes = [nano_usd(str(posting["amount_usd"])) for entry in statement
               for posting in entry["postings"]
               if posting["account"].startswith(("wallet/", "holds/"))]
    assert sum(changes) == nano_usd(str(wallet["balance_usd"]))
    credited = [change for change in changes if change > 0]
    assert sum(credited) == nano_usd(str(wallet["credited_usd"]))
    assert credited.count(nano_usd("1.25")) == 1


def test_generation_and_generations(applied, world, cli):
    answer = ask(world, secret_of(applied[1]), "test/chat")
    identity = answer.header("x-generation-id")
    world.settle()
    generation = world.suite.cli_json("generation", identity)
    assert generation["id"] == identity and len(generation["attempts"]) == 1
    assert identity in cli("generations", "shop", "--limit", "5")


def test_a_viewer_may_not_write_and_a_stranger_not_read(world):
    done = world.suite.cli("get", "workspaces", "--token", "wrong-" + "0" * 32, check=False)
    assert done.returncode == 1 and "token" in done.stderr.lower()


def test_audit_says_who_changed_what(applied, cli):
    assert applied
    assert "shop-daily" in cli("audit", "--kind", "budget", "--limit", "100")


def test_catalog_import(world, cli):
    path = world.directory / "prices.json"
    path.write_text(json.dumps(PRICES), encoding="utf-8")
    before = len(offerings(cli))
    preview = cli("catalog", "import", "--from", "litellm", path, "--dry-run")
    assert "would change" in preview and len(offerings(cli)) == before
    output = cli("catalog", "import", "--from", "litellm", path)
    assert "priceless" in output or "1 " in output, "it reports what it could not take"
    found = [o for o in offerings(cli) if o["model_id"].endswith("small")
             and "cli-vendor" in o["model_id"] + o["provider_model_id"]]
    assert len(found) == 1
    assert not [o for o in offerings(cli) if "priceless" in o["model_id"]], "no price, no offering"
    again = cli("catalog", "import", "--from", "litellm", path)
    assert "changed: 0 created, 0 updated, 0 new price versions" in again


def offerings(cli):
    """All that the catalog sells."""
    return json.loads(cli("catalog", "list", "-o", "json"))
