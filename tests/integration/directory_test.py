"""The public directory over HTTP, beside the models of the seed catalog."""
import json
import re

from suite.wire import fetch

SEED_MODELS_MIN = 633
SEED_PROVIDERS_MIN = 23


def page(world, path, **options):
    """One page of the directory."""
    return fetch(f"{world.suite.directory_url}{path}", **options)


def test_list_and_its_json_twin(world):
    html = page(world, "/?q=test%2F")
    assert html.status == 200 and html.header("content-type").startswith("text/html")
    assert b"test/chat" in html.body and b"<script>" not in html.body
    twin = page(world, "/models.json?q=test%2F").json
    assert {"test/chat", "test/flat"} <= ids_in(twin)


def ids_in(value):
    """Every "id" anywhere in a JSON value."""
    if isinstance(value, dict):
        return {value["id"]} if isinstance(value.get("id"), str) else set().union(
            *map(ids_in, value.values()), set())
    return set().union(*map(ids_in, value), set()) if isinstance(value, list) else set()


def test_filters_narrow_the_list(world):
    everything = page(world, "/models.json").json
    ours = page(world, "/models.json?vendor=test").json
    assert ids_in(ours) == set(world.prices)
    assert len(ids_in(everything)) > len(ids_in(ours))
    assert not ids_in(page(world, "/models.json?q=no-such-model-anywhere").json)


def test_model_page_and_its_json_twin(world):
    html = page(world, "/models/test/chat")
    assert html.status == 200
    text = html.body.decode()
    assert "Alpha" in text and "Beta" in text, "every offering"
    assert "2.5" in text and "10" in text, "its price per million tokens"
    assert "schema.org" in text
    twin = page(world, "/models/test/chat.json").json
    assert "alpha:test/chat" in ids_in({"": [twin]} if "offerings" not in twin else
                                       twin["offerings"]) or "alpha" in json.dumps(
                                           twin, default=str)


def test_provider_page(world):
    assert b"test/chat" in page(world, "/providers/alpha").body
    assert page(world, "/providers/alpha.json").status == 200


def test_etag(world):
    for path in ("/models/test/chat", "/models/test/chat.json", "/"):
        first = page(world, path)
        again = page(world, path, headers=[("If-None-Match", first.header("etag"))])
        assert again.status == 304 and not again.body, path
    assert page(world, "/", headers=[("If-None-Match", '"other"')]).status == 200


def test_what_there_is_not(world):
    assert page(world, "/models/no/such").status == 404
    assert page(world, "/models/no/such.json").json["error"]["code"] == "not_found"
    assert page(world, "/", method="POST", body={}).status == 405


def test_sitemap_names_the_seed(world):
    sitemap = page(world, "/sitemap.xml").body.decode()
    models = set(re.findall(r"/models/([^<]+)<", sitemap))
    providers = set(re.findall(r"/providers/([^<]+)<", sitemap))
    assert len(models) >= SEED_MODELS_MIN + len(world.prices)
    assert len(providers) >= SEED_PROVIDERS_MIN
    assert set(world.prices) <= models
    assert page(world, "/robots.txt").status == 200
