"""Does what a surface told agree with the ledger and with the provider's books, cell by cell?"""
from suite.checks import nano_usd_of_float
from suite.ledger import enum_value


class Books:
    """The ledger's generations and the provider's entries, read once, after all is settled.

    Entries are None for a provider without books. `oracle` has what another arithmetic makes of the
    entries: nano-USD by response id.
    """

    def __init__(self, generations, entries, oracle=None):
        self.oracle = oracle or {}
        self.generations = {generation.id: generation for generation in generations}
        self.entries = None if entries is None else {
            entry["response_id"]: entry for entry in entries}

    def differences(self, cell, outcome):
        """Yields a sentence for each thing that does not agree."""
        if cell.feature in ("count", "models"):
            return
        costs = [turn["cost"] for turn in outcome["turns"]]
        answered = [answer for answer in outcome["answers"] if answer["status"] == 200]
        for number, answer in enumerate(answered):
            generation = self.generations.get(answer["generation"])
            if generation is None:
                yield f"answer {number}: {answer['generation']} is not in the ledger"
                continue
            if self.entries is not None:
                yield from self._against_books(generation)
            for place, told in (("header", answer["cost"]),
                                ("answer", costs[number] if number < len(costs) else None)):
                if told is not None and nano_usd_of_float(told) != generation.charge_nano_usd:
                    yield (f"{generation.id}: {told} USD in the {place}, "
                           f"{generation.charge_nano_usd} nano-USD charged")
        if outcome["turns"] and not cell.feature == "cut" and tells_cost(cell) and None in costs:
            yield f"no cost is told: {costs}"

    def _against_books(self, generation):
        for record in generation.attempts:
            if record.usage_source != enum_value("USAGE_SOURCE_PROVIDER"):
                continue
            entry = self.entries.get(record.provider_response_id)
            if entry is None:
                yield f"{generation.id}: '{record.provider_response_id}' is not in the books"
            elif entry["charge_nano_usd"] != record.charge_nano_usd:
                yield (f"{generation.id}: {record.charge_nano_usd} nano-USD charged, the books say "
                       f"{entry['charge_nano_usd']} for {entry['tokens']}")
            elif self.oracle.get(record.provider_response_id, record.charge_nano_usd) != (
                    record.charge_nano_usd):
                yield (f"{generation.id}: {record.charge_nano_usd} nano-USD charged, genai-prices "
                       f"makes it {self.oracle[record.provider_response_id]}")


def tells_cost(cell):
    """Whether the client hands on what the surface says of the cost.

    The packages of the AI SDK for single providers drop what they do not know, and Gemini's clients
    what is not in their schema.
    """
    if cell.client.driver == "aisdk.mjs":
        return cell.client.options["kind"] == "gateway"
    return cell.client.surface in ("chat", "completions", "messages", "responses", "openrouter")
