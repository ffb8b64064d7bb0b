"""What the models of the matrix cost, and an arithmetic of it that nobody here wrote.

LIST are real models' prices, so that every cell can be priced a second time by
@pydantic/genai-prices; ODD are prices by which each class can be told from every other.
"""
import json
import os
import subprocess
from pathlib import Path

from suite.ledger import nano_usd
from suite.provider import WirePrices

SCRIPT = Path(__file__).parent / "clients" / "genai_prices.mjs"
TIMEOUT_S = 60

# Provider format → (provider and model of genai-prices, the same prices in pico-USD).
LIST = {
    "chat": ("openai", "gpt-5", WirePrices(1_250_000, 10_000_000, cache_read=125_000)),
    "responses": ("openai", "gpt-5", WirePrices(1_250_000, 10_000_000, cache_read=125_000)),
    "messages": ("anthropic", "claude-sonnet-4-5", WirePrices(
        3_000_000, 15_000_000, cache_read=300_000, cache_write_5m=3_750_000,
        cache_write_1h=6_000_000)),
    "gemini": ("google", "gemini-2.5-flash", WirePrices(300_000, 2_500_000, cache_read=30_000)),
}

ODD = {
    wire_format: WirePrices(
        1_000_003 + number, 4_000_007 + number, cache_read=250_001 + number,
        reasoning=3_000_011 + number, **({"cache_write_5m": 1_250_009, "cache_write_1h": 2_000_029}
                                         if wire_format == "messages" else {}))
    for number, wire_format in enumerate(LIST)
}


def charges_of_genai_prices(entries):
    """What genai-prices makes of the provider's own counts: nano-USD by response id."""
    asked = []
    for entry in entries:
        provider, model, _ = LIST[entry["model"].removeprefix("w/")]
        tokens = entry["tokens"]
        written = tokens.get("cache_write_5m", 0)
        written_1h = tokens.get("cache_write_1h", 0)
        asked.append({
            "id": entry["response_id"], "provider": provider, "model": model, "usage": {
                "input_tokens": tokens["input_text"] + tokens["cache_read"] + written + written_1h,
                "cache_read_tokens": tokens["cache_read"],
                **({"cache_write_tokens": written + written_1h} if written + written_1h else {}),
                **({"cache_write_1h_tokens": written_1h} if written_1h else {}),
                "output_tokens": tokens["output_text"] + tokens["output_reasoning"]}})
    done = subprocess.run(
        ["node", SCRIPT], text=True, capture_output=True, timeout=TIMEOUT_S, check=True,
        input=json.dumps({"clients": str(Path(os.environ["TOLLGATE_CLIENTS_DIR"]) / "node"),
                          "asked": asked}))
    return {identity: nano_usd(usd) for identity, usd in json.loads(done.stdout).items()}
