"""Says what is wrong with what came of a cell; nothing, when it is right."""
import json

from matrix.plan import IMAGE, LENGTH_LIMIT, LONG_WORDS, PDF

# How each surface spells why an answer ended.
FINISH = {
    "chat": ("stop", "tool_calls", "length"),
    "openrouter": ("stop", "tool_calls", "length"),
    "completions": ("stop", None, "length"),
    "responses": ("completed", "completed", "max_output_tokens"),
    "messages": ("end_turn", "tool_use", "max_tokens"),
    "gemini": ("STOP", "STOP", "MAX_TOKENS"),
    "ai": ("stop", "tool-calls", "length"),
}
# An answer that was refused says so by its reason, or has a place for the refusal.
REFUSED = {"refusal", "content_filter", "SAFETY", "PROHIBITED_CONTENT", "content-filter",
           "BLOCKLIST", "RECITATION"}
REFUSAL_TEXT = "I cannot help with that."


def _finish(cell):
    spelled = "ai" if cell.client.driver == "aisdk.mjs" else cell.client.surface
    return dict(zip(("stop", "calls", "length"), FINISH[spelled]))


def judge(cell, outcome):
    """Yields a sentence for each thing that is wrong."""
    wants_error = cell.feature in ("error_4xx", "rate_limit", "error_5xx", "cut")
    if outcome["error"] and not wants_error:
        yield f"failed: {json.dumps(outcome['error'])}"
        return
    if wants_error:
        yield from _judge_error(cell, outcome)
        return
    if not outcome["turns"]:
        yield "no turn came"
        return
    yield from JUDGES[cell.feature](cell, outcome["turns"])


def _judge_error(cell, outcome):
    error, answers = outcome["error"], outcome["answers"]
    if error is None:
        yield f"the client saw no error: {outcome['turns']}"
        return
    if not answers:
        yield f"no HTTP answer came: {error}"
        return
    status = answers[-1]["status"]
    if cell.feature == "cut":
        if status != 200:
            yield f"status {status} for an answer that had begun"
        if error["name"] == "Timeout":
            yield "the client waited for ever"
    elif cell.feature == "error_4xx" and status != 400:
        yield f"status {status}, not the provider's 400: {error}"
    elif cell.feature == "error_5xx" and not 500 <= status < 600:
        yield f"status {status} when every provider failed: {error}"
    elif cell.feature == "rate_limit":
        if status != 429:
            yield f"status {status}, not 429: {error}"
        if answers[-1]["retryAfter"] != "7":
            yield f"Retry-After is {answers[-1]['retryAfter']}, not the provider's 7"
    if error["name"] in ("ResponseValidationError", "GatewayResponseError"):
        yield f"the client cannot read the error: {error}"
    if cell.feature != "cut" and len(answers) != 1:
        yield f"{len(answers)} requests were sent"


def _expect(turn, text=None, finish=None):
    if text is not None and turn["text"] != text:
        yield f"the text is {turn['text'][:200]!r}, not {text[:200]!r}"
    if finish is not None and turn["finish"] != finish:
        yield f"finished with {turn['finish']!r}, not {finish!r}"


def _text(cell, turns):
    yield from _expect(turns[0], "You said: Say Marker", _finish(cell)["stop"])
    if cell.feature == "stream" and turns[0]["chunks"] < 3:
        yield f"the stream came in {turns[0]['chunks']} pieces"


def _tool_turns(cell, turns, names):
    if len(turns) != 2:
        yield f"{len(turns)} turns"
        return
    called = sorted((call["name"], json.dumps(call["args"])) for call in turns[0]["calls"])
    wanted = sorted((name, '{"city": "Paris"}') for name in names)
    if called != wanted:
        yield f"called {called}, not {wanted}"
    yield from _expect(turns[0], finish=_finish(cell)["calls"])
    yield from _expect(turns[1], "The tool says: " + " ".join(f"{n} is fine" for n in names),
                       _finish(cell)["stop"])


def _tools(cell, turns):
    yield from _tool_turns(cell, turns, ["weather"])


def _parallel_tools(cell, turns):
    yield from _tool_turns(cell, turns, ["weather", "time"])


def _image(cell, turns):
    yield from _expect(turns[0], IMAGE.seen, _finish(cell)["stop"])


def _pdf(cell, turns):
    yield from _expect(turns[0], PDF.seen, _finish(cell)["stop"])


def _structured(_, turns):
    try:
        value = json.loads(turns[0]["text"])
    except ValueError:
        yield f"no JSON: {turns[0]['text'][:200]!r}"
        return
    if value != {"city": "Oslo", "count": 1}:
        yield f"answered {value}"


def _reasoning(cell, turns):
    """Twice the two turns: whole and streamed. That the thoughts came back as they were signed is
    checked by the provider, which refuses the second turn otherwise."""
    if len(turns) != 4:
        yield f"{len(turns)} turns"
        return
    yield from _tool_turns(cell, turns[:2], ["weather"])
    yield from _tool_turns(cell, turns[2:], ["weather"])
    for number, turn in enumerate(turns):
        if not turn["usage"]["reasoning"]:
            yield f"turn {number}: no reasoning tokens are told: {turn['usage']}"
        if cell.wire_format != "chat" and cell.client.surface not in ("chat",) and (
                number % 2 == 0 and not turn["thought"]):
            yield f"turn {number}: the thoughts are not shown"


def _cache(cell, turns):
    for turn in turns:
        # Where the prompt is one text, what is cached is repeated with it.
        if cell.client.surface == "completions":
            if not turn["text"].startswith(f"You said: {cell.client.surface}|"):
                yield f"the text is {turn['text'][:200]!r}"
            continue
        yield from _expect(turn, "You said: Say Marker")
    if len(turns) == 2 and not turns[1]["usage"]["cached"]:
        yield f"the second request read nothing from the cache: {turns[1]['usage']}"


def _long(cell, turns):
    words = turns[0]["text"].split()
    if words != [f"word{n}" for n in range(1, LONG_WORDS + 1)]:
        yield f"{len(words)} words, the last {words[-1:]}"
    yield from _expect(turns[0], finish=_finish(cell)["stop"])


def _refusal(_, turns):
    for turn in turns:
        told = turn["refusal"] or turn["text"]
        if turn["finish"] not in REFUSED and REFUSAL_TEXT not in (told or ""):
            yield f"neither a refusal nor its text: {turn}"
        if turn["finish"] not in REFUSED and turn["refusal"] is None and turn["text"] == "":
            yield f"the refusal is lost: {turn}"


def _length(cell, turns):
    yield from _expect(turns[0], finish=_finish(cell)["length"])
    if turns[0]["usage"]["output"] != LENGTH_LIMIT:
        yield f"{turns[0]['usage']['output']} tokens of output, not {LENGTH_LIMIT}"


def _count_tokens(_, turns):
    if not turns[0]["text"].isdigit() or int(turns[0]["text"]) < 1:
        yield f"counted {turns[0]['text']!r}"


def _models(cell, turns):
    if f"matrix/{cell.wire_format}" not in turns[0]["text"]:
        yield f"the list has no matrix/{cell.wire_format}: {turns[0]['text'][:300]}"


JUDGES = {
    "count": _count_tokens, "models": _models,
    "text": _text, "stream": _text, "tools": _tools, "parallel_tools": _parallel_tools,
    "image": _image, "pdf": _pdf, "structured": _structured, "reasoning": _reasoning,
    "cache": _cache, "long": _long, "refusal": _refusal, "length": _length,
}
