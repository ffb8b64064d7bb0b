"""Reads billing over gRPC: wallets, the journal, generations and leases."""
from dataclasses import dataclass
from decimal import Decimal

from suite.rpc import Rpc, proto_pool
from suite.waiting import wait_until

LEDGER = "tollgate.ledger.v1.LedgerService"
LEASES = "tollgate.lease.v1.LeaseService"
USAGE = "tollgate.usage.v1"
PRICING = "tollgate.pricing.v1"

NANO_USD_PER_USD = 1_000_000_000


def nano_usd(usd):
    """Dollars, as a decimal or its text, in nano-USD, exactly."""
    nano = Decimal(str(usd)) * NANO_USD_PER_USD
    assert nano == int(nano), f"{usd} USD is not a whole number of nano-USD"
    return int(nano)


def enum_value(name):
    """The number of an enum value by its full name, e.g. tollgate.usage.v1.USAGE_SOURCE_NONE."""
    return _enum_values()[name]


def _enum_values(cache={}):  # pylint: disable=dangerous-default-value
    if not cache:
        pool = proto_pool()
        for package, enums in (("tollgate.usage.v1", ("UsageSource", "AttemptOutcome")),
                               ("tollgate.ledger.v1", ("EntryKind",)),
                               ("tollgate.pricing.v1", ("Unit", "Direction", "Modality",
                                                        "CacheClass"))):
            for enum in enums:
                for value in pool.FindEnumTypeByName(f"{package}.{enum}").values:
                    cache[value.name] = value.number
    return cache


def _token_class(quantity):
    audio = quantity.modality == enum_value("MODALITY_AUDIO")
    if quantity.direction != enum_value("DIRECTION_INPUT"):
        thought = quantity.modality == enum_value("MODALITY_REASONING")
        return "output_audio" if audio else "output_reasoning" if thought else "output_text"
    cached = {enum_value("CACHE_CLASS_READ"): "cache_read",
              enum_value("CACHE_CLASS_WRITE_5M"): "cache_write_5m",
              enum_value("CACHE_CLASS_WRITE_1H"): "cache_write_1h"}
    return cached.get(quantity.cache, "input_audio" if audio else "input_text")


@dataclass(frozen=True)
class Tokens:
    """Tokens by class, as the fake provider's books have them: the classes are disjoint."""

    input_text: int = 0
    cache_read: int = 0
    output_text: int = 0
    output_reasoning: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    input_audio: int = 0
    output_audio: int = 0

    @staticmethod
    def of_record(record):
        """The tokens of a UsageRecord."""
        counts = {}
        for quantity in record.quantities:
            if quantity.unit == enum_value("UNIT_TOKEN"):
                name = _token_class(quantity)
                counts[name] = counts.get(name, 0) + quantity.count
        return Tokens(**counts)

    @staticmethod
    def of_usage(usage):
        """The tokens of an OpenAI usage object."""
        cached = (usage.get("prompt_tokens_details") or {}).get("cached_tokens") or 0
        thought = (usage.get("completion_tokens_details") or {}).get("reasoning_tokens") or 0
        return Tokens(usage["prompt_tokens"] - cached, cached,
                      usage["completion_tokens"] - thought, thought)


class Ledger:
    """Billing, as its own RPCs tell it."""

    def __init__(self, address, token=None, tls=None):
        self._rpc = Rpc(address, token, tls)

    def top_up(self, workspace_id, amount_nano_usd, request_id, description="test"):
        """Adds money to a wallet; returns the entry."""
        return self._rpc(f"{LEDGER}/TopUp", workspace_id=workspace_id, request_id=request_id,
                         amount_nano_usd=amount_nano_usd, description=description)

    def grant_credit(self, workspace_id, amount_nano_usd, expires):
        """Gives promotional credit; returns the entry."""
        return self._rpc(f"{LEDGER}/GrantCredit", workspace_id=workspace_id,
                         amount_nano_usd=amount_nano_usd, description="promotion",
                         expire_time=expires.isoformat().replace("+00:00", "Z"),
                         request_id=f"credit-{workspace_id}")

    def credits(self, workspace_id):
        """What is left of promotional credit."""
        return list(self._rpc(f"{LEDGER}/ListCredits", workspace_id=workspace_id).credits)

    def refund(self, workspace_id, generation_id):
        """Gives back what a generation was charged; returns the entry."""
        return self._rpc(f"{LEDGER}/Refund", workspace_id=workspace_id, description="test",
                         generation_id=generation_id, request_id=f"refund-{generation_id}")

    def wallet(self, workspace_id):
        """The wallet of a workspace."""
        return self._rpc(f"{LEDGER}/GetWallet", workspace_id=workspace_id)

    def account(self, name):
        """What is settled and outstanding on an account."""
        return self._rpc(f"{LEDGER}/GetAccount", account=name)

    def entries(self, workspace_id, kinds=()):
        """The journal of a workspace, newest first; `kinds` by name."""
        return list(self._rpc.pages(f"{LEDGER}/ListEntries", "entries",
                                    workspace_id=workspace_id, kinds=list(kinds)))

    def usage_entries(self, workspace_id):
        """The journal's charges."""
        return self.entries(workspace_id, ["ENTRY_KIND_USAGE"])

    def generation(self, generation_id, workspace_id):
        """One generation; an RpcError when it is not there."""
        return self._rpc(f"{LEDGER}/GetGeneration", id=generation_id, workspace_id=workspace_id)

    def generations(self, workspace_id):
        """All generations of a workspace."""
        return list(self._rpc.pages(f"{LEDGER}/ListGenerations", "generations",
                                    workspace_id=workspace_id))

    def leases(self, account=""):
        """The leases of an account, or all."""
        return list(self._rpc.pages(f"{LEASES}/ListLeases", "leases", account=account))

    def suspended(self):
        """The leases that hold something and whose holder is gone."""
        return [lease for lease in self.leases() if lease.outstanding_nano_usd
                and lease.State.Name(lease.state) == "STATE_SUSPENDED"]

    def wait_for_generations(self, workspace_id, generation_ids, timeout_s=30.0):
        """Waits until all of these have come in; returns all generations of the workspace."""
        wanted = set(generation_ids)

        def all_there():
            found = self.generations(workspace_id)
            missing = wanted - {generation.id for generation in found}
            assert not missing, (
                f"{len(missing)} generations are missing, e.g. {sorted(missing)[:3]}")
            return found or [None]
        return wait_until("the records of all answers are in the ledger", all_there, timeout_s,
                          interval_s=0.1)
