#include "tests/support/fake_provider/wire/script.h"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/digest.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "tests/support/fake_provider/wire/signature.h"
#include "tollgate/demo_provider/sample_json.h"
#include "tollgate/demo_provider/tokens.h"

namespace tollgate::wire {
namespace {

constexpr std::size_t kEchoBytesMax = 400;
constexpr std::size_t kDigestShown = 16;

// Where the current turn begins: with what the user said last, and the results before that.
std::size_t LastUserBegin(const Ask& ask) {
  const auto from_user = [](const Block& block) {
    return block.role == Role::kUser || block.role == Role::kTool;
  };
  std::size_t begin = ask.blocks.size();
  while (begin > 0 && ask.blocks[begin - 1].role != Role::kUser) --begin;
  while (begin > 0 && from_user(ask.blocks[begin - 1])) --begin;
  return begin;
}

std::string LastUserText(const Ask& ask) {
  std::string text;
  for (std::size_t i = LastUserBegin(ask); i < ask.blocks.size(); ++i) {
    const Block& block = ask.blocks[i];
    if (block.role == Role::kUser && block.kind == BlockKind::kText) {
      text += (text.empty() ? "" : " ") + block.text;
    }
  }
  return text;
}

std::string LastWord(std::string_view text) {
  const auto is_letter = [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           static_cast<unsigned char>(c) >= 0x80U;
  };
  while (!text.empty() && !is_letter(text.back())) text.remove_suffix(1);
  std::size_t begin = text.size();
  while (begin > 0 && is_letter(text[begin - 1])) --begin;
  return begin < text.size() ? std::string(text.substr(begin)) : "nothing";
}

std::string SampleOf(const std::string& schema, const std::string& word) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  std::string out;
  if (parser.parse(schema).get(root) == simdjson::SUCCESS) AppendSampleJson(root, word, out);
  return out.empty() ? "{}" : out;
}

std::string Seen(const Attachment& file) {
  if (file.bytes.empty()) return absl::StrCat("I see ", file.kind, " at ", file.url, ".");
  const std::string digest = HexEncode(DigestView(Sha256(file.bytes))).substr(0, kDigestShown);
  return absl::StrCat("I see ", file.media_type, " ", file.bytes.size(), " bytes sha256:", digest,
                      ".");
}

std::int64_t TokensOf(const Block& block) {
  switch (block.kind) {
    case BlockKind::kAttachment:
      if (block.attachment.kind == "audio") return kAudioTokens;
      return block.attachment.kind == "image" ? kImageTokens : kDocumentTokens;
    case BlockKind::kCall:
      return 1 + CountTokens(block.text);
    default:
      return CountTokens(block.text);
  }
}

bool IsAudio(const Block& block) {
  return block.kind == BlockKind::kAttachment && block.attachment.kind == "audio";
}

// Thoughts must come back as they were signed, and before the calls to which they led.
absl::Status CheckThoughts(const Ask& ask) {
  const std::size_t turn = LastUserBegin(ask);
  bool signed_here = false;
  for (std::size_t i = 0; i < ask.blocks.size(); ++i) {
    const Block& block = ask.blocks[i];
    if (block.kind == BlockKind::kReasoning) {
      const std::string seed = block.id.empty() ? block.text : block.id;
      if (!IsSigned(block.signature, seed)) {
        return absl::InvalidArgumentError(
            absl::StrCat("Invalid signature of a thought: '", block.signature, "'"));
      }
      signed_here = true;
    } else if (block.kind == BlockKind::kCall) {
      const bool thought_of = absl::StrContains(block.id, AbslView(kThoughtMark)) ||
                              (ask.calls_need_signature && ask.thinks);
      if (i > turn && thought_of && !signed_here) {
        return absl::InvalidArgumentError(absl::StrCat("The call '", block.id, "' of '", block.name,
                                                       "' lacks the thought that led to it"));
      }
    } else if (block.role != Role::kAssistant) {
      signed_here = false;
    }
  }
  return absl::OkStatus();
}

// Splits input_text into what is read from, and written to, the cache.
void Cache(const Ask& ask, const WireModel& model, CacheBook& cache, DemoTokens& tokens) {
  std::string prefix = model.id;
  for (const ToolOffer& tool : ask.tools) absl::StrAppend(&prefix, "\n", tool.name, tool.schema);
  std::int64_t sum = 0;
  std::int64_t read = 0;
  std::int64_t written_1h = 0;
  std::int64_t written = 0;
  for (const ToolOffer& tool : ask.tools) sum += CountTokens(tool.schema);
  for (const Block& block : ask.blocks) {
    absl::StrAppend(&prefix, "\n", static_cast<int>(block.role), static_cast<int>(block.kind),
                    block.text, block.attachment.bytes, block.attachment.url);
    if (!IsAudio(block)) sum += TokensOf(block);
    if ((block.cache_minutes == 0 && !ask.caches_by_itself) || sum < kCachedTokensMin) continue;
    const std::string digest(DigestView(Sha256(prefix)));
    if (cache.Contains(digest)) {
      read = sum;
    } else {
      cache.Add(digest);
      written = sum;
      if (block.cache_minutes == 60) written_1h = sum;
    }
  }
  tokens.cache_read = read;
  if (!ask.caches_by_itself || (model.cache_writes_priced && ask.tells_cache_writes)) {
    tokens.cache_write_1h = std::max<std::int64_t>(written_1h - read, 0);
    tokens.cache_write_5m = std::max<std::int64_t>(written - std::max(read, written_1h), 0);
  }
  tokens.input_text -= tokens.cache_read + tokens.cache_write_1h + tokens.cache_write_5m;
}

void AddCalls(const Ask& ask, const std::string& id, const std::string& word, Say& say) {
  const std::size_t calls_max = ask.parallel ? kDemoToolCallsMax : 1;
  for (const ToolOffer& tool : ask.tools) {
    if (say.parts.size() == calls_max + (ask.thinks ? 1 : 0)) break;
    if (!ask.tool_chosen.empty() && tool.name != ask.tool_chosen) continue;
    say.parts.push_back(
        {.kind = PartKind::kCall,
         .text = SampleOf(tool.schema, word),
         .id = absl::StrCat(ask.thinks && ask.thoughts_signed ? AbslView(kThoughtMark) : "_", id,
                            "_", say.parts.size()),
         .name = tool.name,
         .signature = ""});
  }
  say.stop = Stop::kCalls;
}

// The plain text of an answer that calls nothing.
std::string PlainText(const Ask& ask, const Script& script, const std::string& user_text) {
  if (script.words > 0) {
    std::string words;
    for (std::int64_t i = 1; i <= script.words; ++i) absl::StrAppend(&words, "word", i, " ");
    return words;
  }
  std::string results;
  std::string files;
  for (std::size_t i = LastUserBegin(ask); i < ask.blocks.size(); ++i) {
    const Block& block = ask.blocks[i];
    if (block.kind == BlockKind::kResult) absl::StrAppend(&results, " ", block.text);
    if (block.kind == BlockKind::kAttachment) absl::StrAppend(&files, " ", Seen(block.attachment));
  }
  if (!results.empty()) return absl::StrCat("The tool says:", results, files);
  if (ask.schema.has_value()) return SampleOf(*ask.schema, LastWord(user_text));
  if (!files.empty()) return files.substr(1);
  return "You said: " + user_text.substr(0, kEchoBytesMax);
}

bool HasResults(const Ask& ask) {
  return std::any_of(ask.blocks.begin() + static_cast<std::ptrdiff_t>(LastUserBegin(ask)),
                     ask.blocks.end(),
                     [](const Block& block) { return block.kind == BlockKind::kResult; });
}

void CutAtStops(const Ask& ask, Say& say) {
  std::string& text = say.parts.back().text;
  for (const std::string& stop : ask.stops) {
    const std::size_t at = stop.empty() ? std::string::npos : text.find(stop);
    if (at == std::string::npos) continue;
    text.resize(at);
    say.stop = Stop::kStopSequence;
    say.stop_sequence = stop;
  }
}

// Cuts the parts to what may be said, and counts them.
void Measure(const Ask& ask, Say& say) {
  std::int64_t left =
      std::min(ask.output_tokens_max.value_or(kDemoOutputTokensMax), kDemoOutputTokensMax);
  std::vector<Part> kept;
  for (Part& part : say.parts) {
    const std::int64_t wanted = CountTokens(part.text) + (part.kind == PartKind::kCall ? 1 : 0);
    std::int64_t given = std::min(wanted, left);
    if (given < wanted) {
      say.stop = Stop::kLength;
      if (part.kind == PartKind::kCall || part.kind == PartKind::kReasoning) break;
      std::size_t size = 0;
      for (std::int64_t i = 0; i < given; ++i) {
        size += FirstTokenBytes(std::string_view(part.text).substr(size));
      }
      part.text.resize(size);
    }
    left -= given;
    (part.kind == PartKind::kReasoning ? say.tokens.output_reasoning : say.tokens.output_text) +=
        given;
    kept.push_back(std::move(part));
    if (say.stop == Stop::kLength) break;
  }
  say.parts = std::move(kept);
}

}  // namespace

absl::StatusOr<Script> ReadScript(const Ask& ask) {
  Script script;
  const std::string text = LastUserText(ask);
  for (std::size_t at = text.find("[["); at != std::string::npos; at = text.find("[[", at + 2)) {
    const std::size_t end = text.find("]]", at);
    if (end == std::string::npos) break;
    const std::string inside = text.substr(at + 2, end - at - 2);
    const std::pair<std::string, std::string> words =
        absl::StrSplit(inside, absl::MaxSplits(' ', 1));
    std::int64_t number = 0;
    const bool numbered = absl::SimpleAtoi(words.second, &number);
    if (inside == "refuse") {
      script.refuses = true;
    } else if (inside == "filter") {
      script.filtered = true;
    } else if (inside == "no tools") {
      script.calls_nothing = true;
    } else if (words.first == "long" && numbered) {
      script.words = number;
    } else if (const auto kind = ParseFaultKind(words.first); kind.has_value()) {
      Fault fault;
      fault.kind = *kind;
      if (numbered) fault.value = number;
      script.faults.push_back(fault);
    } else {
      return absl::InvalidArgumentError(absl::StrCat("no script has '[[", inside, "]]'"));
    }
  }
  return script;
}

DemoTokens CountInput(const Ask& ask) {
  DemoTokens tokens;
  for (const ToolOffer& tool : ask.tools) tokens.input_text += CountTokens(tool.schema);
  for (const Block& block : ask.blocks) {
    (IsAudio(block) ? tokens.input_audio : tokens.input_text) += TokensOf(block);
  }
  if (tokens.input_text + tokens.input_audio == 0) tokens.input_text = 1;
  return tokens;
}

absl::StatusOr<Say> Compose(const Ask& ask, const Script& script, const WireModel& model,
                            CacheBook& cache, std::string id, std::int64_t created) {
  TG_RETURN_IF_ERROR(CheckThoughts(ask));
  Say say;
  say.id = std::move(id);
  say.model = model.id;
  say.created = created;
  say.tokens = CountInput(ask);
  Cache(ask, model, cache, say.tokens);
  const std::string user_text = LastUserText(ask);
  if (ask.thinks) {
    const std::string thought = absl::StrCat("First I think about what was asked, which ends with ",
                                             LastWord(user_text), ", and then I answer it.");
    say.parts.push_back({.kind = PartKind::kReasoning,
                         .text = thought,
                         .id = "",
                         .name = "",
                         .signature = Sign(thought)});
  }
  const bool calls = !ask.tools.empty() && ask.tools_allowed && !HasResults(ask) &&
                     !script.calls_nothing && !script.refuses && !script.filtered;
  if (calls) {
    AddCalls(ask, say.id.substr(say.id.size() - std::min<std::size_t>(say.id.size(), 12)),
             LastWord(user_text), say);
  } else if (script.refuses) {
    say.parts.push_back({.kind = PartKind::kRefusal,
                         .text = "I cannot help with that.",
                         .id = "",
                         .name = "",
                         .signature = ""});
    say.stop = Stop::kRefusal;
  } else {
    say.parts.push_back({.kind = PartKind::kText,
                         .text = PlainText(ask, script, user_text),
                         .id = "",
                         .name = "",
                         .signature = ""});
    CutAtStops(ask, say);
    if (script.filtered) say.stop = Stop::kFilter;
  }
  Measure(ask, say);
  say.reported = say.tokens;
  return say;
}

}  // namespace tollgate::wire
