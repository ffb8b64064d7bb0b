"""What the matrix is made of: surfaces and their clients, formats, features, and empty cells.

A cell is one client's conversation of one feature on one provider format. Its reason stands here
when it is empty; what is not built yet is said in is_built(), and the table shows it.
"""
import base64
import hashlib
from dataclasses import dataclass, field

# Provider formats: name → (the catalog's, the path of a base URL, what the table calls it).
FORMATS = {
    "chat": ("FORMAT_OPENAI_CHAT", "/v1", "OpenAI chat"),
    "responses": ("FORMAT_OPENAI_RESPONSES", "/v1", "OpenAI responses"),
    "messages": ("FORMAT_ANTHROPIC", "/v1", "Anthropic messages"),
    "gemini": ("FORMAT_GEMINI", "/v1beta", "Gemini"),
}

# Surfaces: name → what the table calls it.
SURFACES = {
    "chat": "OpenAI chat completions",
    "responses": "OpenAI responses",
    "completions": "OpenAI completions (legacy)",
    "messages": "Anthropic messages",
    "gemini": "Gemini generateContent",
    "gateway": "AI SDK gateway protocol",
    "openrouter": "OpenRouter chat",
}

# The one place that says what exists; what is not here is "not built" in the table.
BUILT_SURFACES = {"chat", "messages", "responses", "completions", "gateway", "openrouter", "gemini"}
BUILT_FORMATS = {"chat", "messages", "responses", "gemini"}
# Whether a surface reaches formats other than its own.
TRANSLATES = True


def is_built(surface, wire_format):
    """Whether there are cells of this surface on this format."""
    return (surface in BUILT_SURFACES and wire_format in BUILT_FORMATS
            and (TRANSLATES or surface == wire_format))


@dataclass(frozen=True)
class Client:
    """An official client, unchanged: the driver that runs it, its package, and its base path."""

    name: str
    surface: str
    driver: str
    package: str
    base: str
    options: dict = field(default_factory=dict, hash=False)


def _ai(number, package, gateway, path):
    return Client(f"ai {number} with gateway", "gateway", "aisdk.mjs", package, path,
                  {"kind": "gateway", "providerPackage": gateway})


def _ai_provider(surface, kind, package, base="/v1"):
    return Client(f"ai 7 with {package}", surface, "aisdk.mjs", "ai", base,
                  {"kind": kind, "providerPackage": package})


CLIENTS = (
    Client("openai 6 (npm)", "chat", "openai_chat.mjs", "openai", "/v1"),
    Client("openai 7 (npm)", "chat", "openai_chat.mjs", "openai-7", "/v1"),
    Client("openai (PyPI)", "chat", "python_openai.py", "openai", "/v1", {"kind": "chat"}),
    _ai_provider("chat", "compatible", "@ai-sdk/openai-compatible"),
    Client("openai 7 (npm)", "responses", "openai_responses.mjs", "openai-7", "/v1"),
    Client("openai (PyPI)", "responses", "python_openai.py", "openai", "/v1",
           {"kind": "responses"}),
    _ai_provider("responses", "responses", "@ai-sdk/openai"),
    Client("openai 7 (npm)", "completions", "openai_completions.mjs", "openai-7", "/v1"),
    Client("@anthropic-ai/sdk 0.x", "messages", "anthropic.mjs", "anthropic-sdk-0", ""),
    Client("@anthropic-ai/sdk 1.x", "messages", "anthropic.mjs", "@anthropic-ai/sdk", ""),
    Client("anthropic (PyPI)", "messages", "python_anthropic.py", "anthropic", ""),
    _ai_provider("messages", "anthropic", "@ai-sdk/anthropic"),
    Client("@google/genai 2.x", "gemini", "genai.mjs", "google-genai-2", ""),
    Client("@google/genai 3.x", "gemini", "genai.mjs", "@google/genai", ""),
    Client("google-genai (PyPI)", "gemini", "python_genai.py", "google-genai", ""),
    _ai_provider("gemini", "google", "@ai-sdk/google", "/v1beta"),
    _ai(5, "ai-5", "gateway-2", "/v1/ai"),
    _ai(6, "ai-6", "gateway-3", "/v3/ai"),
    _ai(7, "ai", "@ai-sdk/gateway", "/v4/ai"),
    Client("@openrouter/sdk", "openrouter", "openrouter.mjs", "@openrouter/sdk", "/api/v1"),
)

# Feature → what the user says (with the provider's scripts: wire/script.h).
FEATURES = {
    "text": "Say Marker",
    "stream": "Say Marker",
    "tools": "What is the weather in Paris?",
    "parallel_tools": "What are weather and time in Paris?",
    "image": "What is it?",
    "pdf": "What is it?",
    "structured": "A city named Oslo",
    "reasoning": "Think about the weather in Paris",
    "cache": "Say Marker",
    "long": "[[long 1000]]",
    "refusal": "[[refuse]]",
    "length": "[[long 500]]",
    "error_4xx": "[[status 400]]",
    "rate_limit": "[[retry_after 7]]",
    "error_5xx": "[[status 503]]",
    "cut": "[[cut_mid_stream 3]] [[long 40]]",
    "count": "Count me",
    "models": "",
}

LONG_WORDS = 1000
LENGTH_LIMIT = 16

_ONE_TEXT = "a prompt is one text"
_NO_COUNT = "the API cannot count tokens"
_NO_MARK = "Anthropic caches what is marked, and this client has no mark"

# (surface or client, format, feature) → why the cell is empty; None stands for any.
EMPTY = {
    ("completions", None, "tools"): "the API has no tools",
    ("completions", None, "parallel_tools"): "the API has no tools",
    ("completions", None, "image"): _ONE_TEXT,
    ("completions", None, "pdf"): _ONE_TEXT,
    ("completions", None, "structured"): "the API has no response format",
    ("completions", None, "reasoning"): "the API has no turns",
    ("completions", "messages", "cache"): _NO_MARK,
    **{("ai 7 with @ai-sdk/openai-compatible", wire_format, "reasoning"):
       "this client does not keep what a model signs or encrypts of its thoughts"
       for wire_format in ("responses", "messages")},
    ("ai 7 with @ai-sdk/openai", "messages", "cache"): _NO_MARK,
    ("gemini", "messages", "cache"): _NO_MARK,
    **{(surface, None, "count"): _NO_COUNT
       for surface in ("chat", "responses", "completions", "gateway", "openrouter")},
    **{(client, None, feature): "this client neither counts nor lists"
       for client in ("ai 7 with @ai-sdk/anthropic", "ai 7 with @ai-sdk/google",
                      "ai 7 with @ai-sdk/openai-compatible")
       for feature in ("count", "models")},
    ("responses", None, "models"): "the list is that of chat completions",
    ("completions", None, "models"): "the list is that of chat completions",
}


def empty_reason(client, wire_format, feature):
    """Why this cell is empty, or None."""
    for (whose, of_format, of_feature), reason in EMPTY.items():
        if (whose in (client.surface, client.name) and of_format in (None, wire_format)
                and of_feature in (None, feature)):
            return reason
    return None


@dataclass(frozen=True)
class File:
    """A file that is sent, and how the provider acknowledges it."""

    type: str
    data: bytes

    @property
    def seen(self):
        digest = hashlib.sha256(self.data).hexdigest()[:16]
        return f"I see {self.type} {len(self.data)} bytes sha256:{digest}."

    def as_json(self):
        return {"type": self.type, "base64": base64.b64encode(self.data).decode()}


# One pixel and one page; the rest of the bytes tell one file from another.
IMAGE = File("image/png", base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJg"
    "gg=="))
PDF = File("application/pdf", b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
           b"2 0 obj<</Type/Pages/Count 0/Kids[]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")


@dataclass(frozen=True)
class Cell:
    """One cell."""

    client: Client
    wire_format: str
    feature: str

    @property
    def id(self):
        return f"{self.client.surface}|{self.client.name}|{self.wire_format}|{self.feature}"

    def as_json(self, model):
        """What its driver is given."""
        return {
            "id": self.id, "feature": self.feature, "model": model,
            "prompt": FEATURES[self.feature], "limit": LENGTH_LIMIT,
            # Long enough to be cached, and different from cell to cell.
            "system": f"{self.id}: " + "word " * 1500,
            "marks": self.wire_format == "messages",
            # The provider keeps what was said, which may then be referred to.
            "keeps": self.wire_format == "responses",
            "file": (PDF if self.feature == "pdf" else IMAGE).as_json(),
        }


def cells():
    """All cells that are built and not empty."""
    return [Cell(client, wire_format, feature)
            for client in CLIENTS for wire_format in FORMATS
            if is_built(client.surface, wire_format) for feature in FEATURES
            if empty_reason(client, wire_format, feature) is None]
