"""Writes the configuration of a test over the admin API and the catalog's Import."""
import itertools
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal

from suite.agreement import Story
from suite.rpc import Rpc

ADMIN = "tollgate.admin.v1"
CATALOG = "tollgate.catalog.v1.CatalogService"
NANO_USD_PER_USD = 1_000_000_000
OUTPUT_TOKENS_MAX = 4096
CONTEXT_TOKENS_MAX = 128_000

PRICED_CLASSES = (  # Attribute of Prices, direction, modality, cache class.
    ("input", "DIRECTION_INPUT", "MODALITY_TEXT", "CACHE_CLASS_NONE"),
    ("cache_read", "DIRECTION_INPUT", "MODALITY_TEXT", "CACHE_CLASS_READ"),
    ("output", "DIRECTION_OUTPUT", "MODALITY_TEXT", "CACHE_CLASS_NONE"),
    ("reasoning", "DIRECTION_OUTPUT", "MODALITY_REASONING", "CACHE_CLASS_NONE"),
    ("cache_write_5m", "DIRECTION_INPUT", "MODALITY_TEXT", "CACHE_CLASS_WRITE_5M"),
    ("cache_write_1h", "DIRECTION_INPUT", "MODALITY_TEXT", "CACHE_CLASS_WRITE_1H"),
    ("input_audio", "DIRECTION_INPUT", "MODALITY_AUDIO", "CACHE_CLASS_NONE"),
    ("output_audio", "DIRECTION_OUTPUT", "MODALITY_AUDIO", "CACHE_CLASS_NONE"),
)


@dataclass(frozen=True)
class Key:
    """A customer key: its public id, and what applications send."""

    id: str
    secret: str


class Workspace:
    """A workspace of the test, with a wallet."""

    def __init__(self, admin, ledger, identity):
        self._admin = admin
        self._ledger = ledger
        self.id = identity

    def key(self, **fields):
        """A new key; fields of admin.v1.Key, e.g. allowed_models, expire_time."""
        return self._admin.create_key(self.id, **fields)

    def top_up(self, usd, request_id=None):
        """Adds whole or fractional dollars to the wallet."""
        return self._ledger.top_up(self.id, int(usd * NANO_USD_PER_USD),
                                   request_id or f"topup-{self._admin.next_number()}")

    def wallet(self):
        """The wallet, as billing has it."""
        return self._ledger.wallet(self.id)

    def story(self):
        """All that billing says about this workspace."""
        return Story(self._ledger, self.id)


class Admin:
    """The admin API with the rights of an administrator."""

    def __init__(self, control_plane, catalog, ledger, token, tls=None):
        self._rpc = Rpc(control_plane, token, tls)
        self._catalog = Rpc(catalog, token, tls)
        self._ledger = ledger
        self._numbers = itertools.count(1)

    def next_number(self):
        """Numbers for names."""
        return next(self._numbers)

    def create(self, kind, **fields):
        """Creates an admin resource: create("Budget", id="b", ...)."""
        return self._rpc(f"{ADMIN}.{kind}Service/Create{kind}", **{kind.lower(): fields})

    def update(self, kind, mask, **fields):
        """Changes the fields of `mask` (comma-separated, in camelCase as JSON has them)."""
        return self._rpc(f"{ADMIN}.{kind}Service/Update{kind}",
                         **{kind.lower(): fields, "update_mask": mask})

    def delete(self, kind, identity):
        """Removes a resource."""
        return self._rpc(f"{ADMIN}.{kind}Service/Delete{kind}", id=identity)

    def call(self, method, **fields):
        """Any other rpc of the admin API: call("AuditService/ListAuditEntries", ...)."""
        return self._rpc(f"{ADMIN}.{method}", **fields)

    def create_organization(self, identity="org-test"):
        """An organization."""
        return self.create("Organization", id=identity).id

    def create_workspace(self, identity, organization_id="org-test", usd=0):
        """A workspace with a wallet of so many dollars."""
        self.create("Workspace", id=identity, organization_id=organization_id)
        workspace = Workspace(self, self._ledger, identity)
        if usd:
            workspace.top_up(usd)
        return workspace

    def create_key(self, workspace_id, **fields):
        """A key; its secret is in the answer this once."""
        fields.setdefault("id", f"key-{self.next_number()}")
        answer = self._rpc(f"{ADMIN}.KeyService/CreateKey",
                           key={"workspace_id": workspace_id, **fields})
        return Key(answer.key.id, answer.secret)

    def revoke_key(self, key):
        """Revokes a key."""
        return self._rpc(f"{ADMIN}.KeyService/RevokeKey", id=key.id)

    def create_budget(self, key, usd, hard=True, period="PERIOD_NONE", **fields):
        """A budget on a key."""
        return self.create("Budget", id=f"budget-{self.next_number()}", scope_id=key.id,
                           scope_kind="SCOPE_KIND_KEY", period=period, hard=hard,
                           limit_nano_usd=int(Decimal(usd) * NANO_USD_PER_USD), **fields)

    def add_provider(self, name, base_url, api_keys, limits=None,
                     wire_format="FORMAT_OPENAI_CHAT"):
        """A provider, with a credential for each API key."""
        self.create("Provider", id=name, display_name=name.title(), format=wire_format,
                    base_url=base_url, **({"limits": limits} if limits else {}))
        for number, api_key in enumerate(api_keys):
            self.create("Credential", id=f"{name}-cred-{number}", provider_id=name, secret=api_key,
                        priority=number)

    def set_limits(self, name, **limits):
        """Replaces a provider's limits, e.g. cooldown_disabled=True, first_byte_timeout="0.2s"."""
        self.update("Provider", "limits", id=name, limits=limits)

    def sell(self, offers, formats=None, capabilities=("tools",), input_modalities=("text",)):
        """Puts models into the catalog: (model, provider, provider's own model id, Prices).

        `formats` are of the providers that do not speak OpenAI's chat completions.
        """
        models = {model: {
            "id": model, "display_name": model, "vendor": model.split("/")[0], "type": "language",
            "input_modalities": list(input_modalities), "output_modalities": ["text"],
            "capabilities": list(capabilities),
            "context_tokens_max": CONTEXT_TOKENS_MAX, "output_tokens_max": OUTPUT_TOKENS_MAX,
        } for model, _, _, _ in offers}
        providers = {provider: {
            "id": provider, "display_name": provider.title(),
            "format": (formats or {}).get(provider, "FORMAT_OPENAI_CHAT"),
        } for _, provider, _, _ in offers}
        offerings = [{
            "id": f"{provider}:{model}", "model_id": model, "provider_id": provider,
            "provider_model_id": sold_as, "price_versions": [_price_version(prices)],
        } for model, provider, sold_as, prices in offers]
        return self._catalog(f"{CATALOG}/Import", facts={
            "models": list(models.values()), "providers": list(providers.values()),
            "offerings": offerings})


def _price_version(prices):
    components = []
    for name, direction, modality, cache in PRICED_CLASSES:
        price = getattr(prices, name, None)
        if price is not None:
            components.append({
                "unit": "UNIT_TOKEN", "direction": direction, "modality": modality, "cache": cache,
                "tier": "SERVICE_TIER_STANDARD", "price_pico_usd_per_unit": price})
    if prices.request:
        components.append({
            "unit": "UNIT_REQUEST", "direction": "DIRECTION_INPUT", "modality": "MODALITY_TEXT",
            "cache": "CACHE_CLASS_NONE", "tier": "SERVICE_TIER_STANDARD",
            "price_pico_usd_per_unit": prices.request})
    day = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return {"effective_time": day.isoformat().replace("+00:00", "Z"), "components": components,
            "source": "test", "source_date": day.date().isoformat()}
