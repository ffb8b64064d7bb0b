// Writes Gemini's answers.
#include "tests/support/fake_provider/wire/gemini.h"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tests/support/fake_provider/wire/event_stream.h"
#include "tests/support/fake_provider/wire/format.h"
#include "tests/support/fake_provider/wire/signature.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

json::object Count(const char* modality, std::int64_t tokens) {
  return {{"modality", modality}, {"tokenCount", tokens}};
}

json::object Usage(const DemoTokens& tokens, bool final) {
  const std::int64_t text = tokens.input_text + tokens.cache_read;
  const std::int64_t prompt = text + tokens.input_audio;
  json::array details{Count("TEXT", text)};
  if (tokens.input_audio > 0) details.push_back(Count("AUDIO", tokens.input_audio));
  json::object usage{{"promptTokenCount", prompt}, {"totalTokenCount", prompt}};
  if (tokens.cache_read > 0) {
    usage["cachedContentTokenCount"] = tokens.cache_read;
    usage["cacheTokensDetails"] = json::array{Count("TEXT", tokens.cache_read)};
  }
  usage["promptTokensDetails"] = std::move(details);
  if (!final) return usage;
  usage["candidatesTokenCount"] = tokens.output_text;
  if (tokens.output_reasoning > 0) usage["thoughtsTokenCount"] = tokens.output_reasoning;
  usage["totalTokenCount"] = prompt + tokens.output_text + tokens.output_reasoning;
  return usage;
}

const char* FinishReason(Stop stop) {
  switch (stop) {
    case Stop::kLength:
      return "MAX_TOKENS";
    case Stop::kRefusal:
    case Stop::kFilter:
      return "SAFETY";
    default:
      return "STOP";
  }
}

// Parts of the content, each with the output tokens in it.  The first that is no thought carries
// the signature.
class Parts {
 public:
  Parts(const Ask& ask, const Say& say, bool split) {
    const bool thought = !say.parts.empty() && say.parts.front().kind == PartKind::kReasoning;
    if (thought) signature_ = Sign(say.id);
    for (const Part& part : say.parts) {
      if (part.kind == PartKind::kReasoning) {
        if (ask.thoughts_shown) Add({{"text", part.text}, {"thought", true}}, 0);
      } else if (part.kind == PartKind::kCall) {
        boost::system::error_code error;
        json::value args = json::parse(part.text, error);
        std::int64_t tokens = 1;
        ForEachToken(part.text, [&tokens](std::string_view) { ++tokens; });
        AddSigned({{"functionCall",
                    {{"name", part.name}, {"args", std::move(args)}, {"id", "fc" + part.id}}}},
                  tokens);
      } else if (split) {
        ForEachToken(part.text, [this](std::string_view token) {
          AddSigned({{"text", json::string(token.data(), token.size())}}, 1);
        });
      } else {
        AddSigned({{"text", part.text}}, 0);
      }
    }
  }

  const std::vector<std::pair<json::object, std::int64_t>>& all() const { return all_; }

 private:
  void Add(json::object part, std::int64_t tokens) { all_.emplace_back(std::move(part), tokens); }
  void AddSigned(json::object part, std::int64_t tokens) {
    if (!signature_.empty()) part["thoughtSignature"] = std::exchange(signature_, "");
    Add(std::move(part), tokens);
  }

  std::string signature_;
  std::vector<std::pair<json::object, std::int64_t>> all_;
};

json::object Body(const Say& say, json::array parts, const char* finish) {
  json::object candidate{{"content", {{"parts", std::move(parts)}, {"role", "model"}}},
                         {"index", 0}};
  if (finish != nullptr) candidate["finishReason"] = finish;
  return {{"candidates", json::array{std::move(candidate)}},
          {"modelVersion", say.model},
          {"responseId", say.id}};
}

struct Piece {
  StepKind kind = StepKind::kToken;
  json::object body;
  std::int64_t tokens = 0;
};

std::vector<Piece> Pieces(const Ask& ask, const Say& say) {
  std::vector<Piece> pieces;
  const Parts parts(ask, say, true);
  for (const auto& [part, tokens] : parts.all()) {
    Piece piece{.kind = StepKind::kToken,
                .body = Body(say, json::array{json::value(part)}, nullptr),
                .tokens = tokens};
    if (say.reported.has_value()) piece.body["usageMetadata"] = Usage(*say.reported, false);
    pieces.push_back(std::move(piece));
  }
  Piece last{.kind = StepKind::kUsage,
             .body = Body(say, json::array{json::value({{"text", ""}})}, FinishReason(say.stop)),
             .tokens = 0};
  if (say.reported.has_value()) last.body["usageMetadata"] = Usage(*say.reported, true);
  pieces.push_back(std::move(last));
  return pieces;
}

const char* StatusName(int status) {
  switch (status) {
    case 400:
      return "INVALID_ARGUMENT";
    case 401:
      return "UNAUTHENTICATED";
    case 403:
      return "PERMISSION_DENIED";
    case 404:
      return "NOT_FOUND";
    case 429:
      return "RESOURCE_EXHAUSTED";
    case 503:
      return "UNAVAILABLE";
    case 504:
      return "DEADLINE_EXCEEDED";
    default:
      return status < 500 ? "FAILED_PRECONDITION" : "INTERNAL";
  }
}

class Gemini final : public WireFormat {
 public:
  std::string_view id_prefix() const override { return "gem_"; }
  absl::StatusOr<Ask> Read(const json::object& body) const override { return ReadGemini(body); }

  json::object Whole(const Ask& ask, const Say& say) const override {
    const Parts parts(ask, say, false);
    json::array content;
    for (const auto& part : parts.all()) content.push_back(part.first);
    json::object body = Body(say, std::move(content), FinishReason(say.stop));
    if (say.reported.has_value()) body["usageMetadata"] = Usage(*say.reported, true);
    return body;
  }

  Reply Stream(const Ask& ask, const Say& say, absl::Duration interval) const override {
    EventStream stream(AnswerHeaders(), interval, "text/event-stream");
    for (const Piece& piece : Pieces(ask, say)) {
      // This interface ends its lines with CR LF.
      stream.Raw(piece.kind, absl::StrCat("data: ", json::serialize(piece.body), "\r\n\r\n"),
                 piece.tokens);
    }
    return stream.Finish();
  }

  Reply Error(int status, std::string_view message,
              std::optional<std::int64_t> retry_after_s) const override {
    json::object error{{"code", status},
                       {"message", json::string(message.data(), message.size())},
                       {"status", StatusName(status)}};
    std::string headers;
    if (retry_after_s.has_value()) {
      error["details"] =
          json::array{json::object{{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
                                   {"retryDelay", absl::StrCat(*retry_after_s, "s")}}};
      headers = absl::StrCat("Retry-After: ", *retry_after_s, "\r\n");
    }
    return WholeReply(status, "application/json; charset=UTF-8",
                      json::serialize(json::object{{"error", std::move(error)}}), headers);
  }

  std::string AnswerHeaders() const override { return ""; }
};

}  // namespace

Reply GeminiArrayStream(const Ask& ask, const Say& say, absl::Duration interval) {
  EventStream stream("", interval, "application/json");
  const char* before = "[";
  for (const Piece& piece : Pieces(ask, say)) {
    stream.Raw(piece.kind, absl::StrCat(before, json::serialize(piece.body)), piece.tokens);
    before = ",\r\n";
  }
  stream.Raw(StepKind::kDone, "]");
  return stream.Finish();
}

const WireFormat& GeminiFormat() {
  static const Gemini* const format = new Gemini;
  return *format;
}

}  // namespace tollgate::wire
