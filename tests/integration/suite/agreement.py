"""Do the answers, the ledger, the generation records and the provider's books tell one story?

Every comparison is exact: nano-dollars and tokens. Differences are collected as sentences, so that
a failure says what disagrees and not only that something does.
"""
from collections import Counter, defaultdict

from suite.ledger import Tokens, enum_value, nano_usd

DIFFERENCES_SHOWN_MAX = 20


class Story:
    """All that billing says about one workspace, read once."""

    def __init__(self, ledger, workspace_id):
        self.workspace_id = workspace_id
        self.generations = {item.id: item for item in ledger.generations(workspace_id)}
        self.entries = ledger.entries(workspace_id)
        self.wallet = ledger.wallet(workspace_id)

    @property
    def records(self):
        """The usage records of all attempts."""
        return [record for generation in self.generations.values()
                for record in generation.attempts]

    def records_by(self, source=None, provider=None):
        """The records of one usage source, e.g. USAGE_SOURCE_PROVIDER, and of one provider."""
        return [record for record in self.records
                if source in (None, _source_name(record))
                and provider in (None, record.provider_id)]


def _source_name(record):
    return record.DESCRIPTOR.fields_by_name["usage_source"].enum_type.values_by_number[
        record.usage_source].name


def ledger_differences(story):
    """The ledger against itself: entries, records and wallet."""
    usage = [e for e in story.entries if e.kind == enum_value("ENTRY_KIND_USAGE")]
    for entry in story.entries:
        legs = sum(posting.amount_nano_usd for posting in entry.postings)
        if legs:
            yield f"entry {entry.sequence} does not balance: {legs}"
    for key, count in Counter(e.idempotency_key for e in story.entries).items():
        if count > 1:
            yield f"entry key {key} was posted {count} times"
    charged = defaultdict(int)
    for entry in usage:
        charged[entry.generation_id] += -_wallet_change(entry)
    for identity in charged.keys() - story.generations.keys():
        yield f"{identity} is charged but has no record"
    for generation in story.generations.values():
        records = sum(record.charge_nano_usd for record in generation.attempts)
        if generation.charge_nano_usd != records:
            yield f"{generation.id}: says {generation.charge_nano_usd}, its attempts {records}"
        if charged.get(generation.id, 0) != records:
            yield f"{generation.id}: records {records}, journal {charged.get(generation.id)}"
        numbers = [record.attempt for record in generation.attempts]
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"{generation.id}: attempts {numbers}"
    total = sum(record.charge_nano_usd for record in story.records)
    credited = sum(_wallet_change(e) for e in story.entries
                  if e.kind != enum_value("ENTRY_KIND_USAGE"))
    wallet = story.wallet
    if wallet.spent_nano_usd != total:
        yield f"the wallet says {wallet.spent_nano_usd} is spent, the records {total}"
    if wallet.balance_nano_usd != credited - total:
        yield f"balance {wallet.balance_nano_usd}, but credits - charges = {credited - total}"
    if wallet.available_nano_usd + wallet.held_nano_usd != wallet.balance_nano_usd:
        yield "available and held are not the balance"
    if wallet.available_nano_usd < 0 or wallet.held_nano_usd < 0:
        yield "available or held is negative"


def _wallet_change(entry):
    """What the entry did to the wallet and its holds together."""
    return sum(posting.amount_nano_usd for posting in entry.postings
               if posting.account.startswith(("wallet/", "holds/")))


def books_differences(records, books_entries):
    """The usage records against the provider's books, attempt by attempt.

    A record names the provider's answer, but where the answer broke before it could be read or the
    node was killed: then what it cost is estimated, or its hold, and there must be as many such
    records at least as there are entries of the books that no record names.
    """
    by_response = defaultdict(list)
    for record in records:
        if record.provider_response_id:
            by_response[record.provider_response_id].append(record)
    provider = enum_value("USAGE_SOURCE_PROVIDER")
    unmatched = 0
    in_books = set()
    for entry in books_entries:
        in_books.add(entry["response_id"])
        found = by_response.get(entry["response_id"], [])
        if len(found) > 1:
            yield f"{entry['response_id']} has {len(found)} records"
        if not found:
            unmatched += 1
            continue
        record = found[0]
        if record.usage_source != provider:
            continue
        tokens = Tokens(**entry["tokens"])
        if not entry["usage_reported"]:
            yield f"{entry['response_id']}: its usage was not told, but the record has it"
        if Tokens.of_record(record) != tokens:
            yield (f"{record.generation_id}: the books say {tokens}, "
                   f"the record {Tokens.of_record(record)}")
        if record.cost_nano_usd != entry["charge_nano_usd"]:
            yield (f"{record.generation_id}: the books say {entry['charge_nano_usd']}, "
                   f"the record's cost is {record.cost_nano_usd}")
        if record.charge_nano_usd != record.cost_nano_usd:
            yield f"{record.generation_id}: charged {record.charge_nano_usd} without a mark-up"
    for record in records:
        if record.usage_source == provider and record.provider_response_id not in in_books:
            yield f"{record.generation_id}: {record.provider_response_id} is not in the books"
    nameless = sum(1 for record in records if not record.provider_response_id
                   and record.usage_source != enum_value("USAGE_SOURCE_NONE"))
    if unmatched > nameless:
        yield (f"the provider worked on {unmatched} requests that no record names, and only "
               f"{nameless} records name no answer: work was lost")


def answer_differences(story, shots):
    """What clients were told against the records. Unanswered requests may have 0 or 1 record."""
    by_user = defaultdict(set)
    for generation in story.generations.values():
        for record in generation.attempts:
            by_user[record.user].add(generation.id)
    for shot in shots:
        identities = by_user.get(shot.tag, set())
        if len(identities) > 1:
            yield f"{shot.tag} has {len(identities)} generations"
        if shot.state != "answered":
            continue
        identity = shot.answer.header("x-generation-id")
        if not identity:
            yield f"{shot.tag}: status {shot.answer.status} without x-generation-id"
            continue
        generation = story.generations.get(identity)
        if shot.answer.succeeded:
            if generation is None:
                yield f"{shot.tag}: {identity} was answered and is not in the ledger"
            else:
                yield from _success_differences(shot, generation)
        elif generation is None and identities:
            yield f"{shot.tag}: the answer says {identity}, the ledger {identities}"


def _success_differences(shot, generation):
    record = generation.attempts[-1]
    if shot.answer.header("x-tollgate-attempts") != str(len(generation.attempts)):
        yield (f"{generation.id}: {shot.answer.header('x-tollgate-attempts')} attempts in the "
               f"header, {len(generation.attempts)} in the ledger")
    if shot.answer.header("x-tollgate-provider") != record.provider_id:
        yield f"{generation.id}: provider {shot.answer.header('x-tollgate-provider')}"
    usage = shot.answer.usage
    if usage is None:
        return
    if Tokens.of_usage(usage) != Tokens.of_record(record):
        yield f"{generation.id}: the client was told {usage}, the record says otherwise"
    if nano_usd(usage["cost"]) != generation.charge_nano_usd:
        yield (f"{generation.id}: the client was told {usage['cost']}, charged "
               f"{generation.charge_nano_usd}")


def assert_agree(*differences):
    """Fails with the first sentences, when there are any."""
    found = [sentence for source in differences for sentence in source]
    shown = "\n  ".join(found[:DIFFERENCES_SHOWN_MAX])
    assert not found, f"{len(found)} differences:\n  {shown}"
