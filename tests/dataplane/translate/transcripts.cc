#include "tests/dataplane/translate/transcripts.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/string_views.h"
#include "dataplane/http/sse.h"
#include "dataplane/json/document.h"
#include "tests/dataplane/translate/ir_dump.h"

namespace tollgate::dataplane {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kGeneration = "gen_01JZZZZZZZZZZZZZZZZZZZZZZZ";
constexpr std::string_view kRequestedModel = "acme/small";
// 2026-01-02T03:04:05Z.
constexpr std::int64_t kCreated = 1767323045;

void Indent(JsonValue value, std::size_t depth, std::string& out) {
  const auto line = [&](std::size_t d) { out.append("\n").append(d * 2, ' '); };
  if (value.size() == 0) {
    out += value.raw();
    return;
  }
  out += value.is_object() ? "{" : "[";
  bool first = true;
  const auto separate = [&] {
    if (!first) out += ",";
    first = false;
    line(depth + 1);
  };
  for (const JsonMember m : value.members()) {
    separate();
    AppendJsonString(out, m.key);
    out += ": ";
    Indent(m.value, depth + 1, out);
  }
  for (const JsonValue element : value.elements()) {
    separate();
    Indent(element, depth + 1, out);
  }
  line(depth);
  out += value.is_object() ? "}" : "]";
}

AnswerContext ContextOf(const CaseSetup& setup, const ScannedRequest& scan) {
  AnswerContext context;
  context.call = &setup.call;
  context.scan = &scan;
  context.generation_id = kGeneration;
  context.kept_name = setup.kept_name;
  context.requested_model = kRequestedModel;
  context.model_id = kRequestedModel;
  context.provider_id = setup.provider.id;
  context.provider_model_id = setup.offering.provider_model_id;
  context.created = absl::FromUnixSeconds(kCreated);
  context.input_tokens_estimate = 12;
  return context;
}

AnswerCost CostOf(const ir::Usage& usage) {
  AnswerCost cost;
  cost.charge = cost.market_cost = Money::FromNanoUsd(1'234'500);
  cost.usage = usage;
  cost.usage.present = true;
  return cost;
}

SendDecision DecisionOf(const Surface& surface, const CaseSetup& setup,
                        const ScannedRequest& scan) {
  return {.provider_model_id = setup.offering.provider_model_id,
          .output_limit = setup.output_limit,
          .stream = scan.stream,
          .keep = surface.keeps_answers() && scan.store,
          .model = &setup.model,
          .offering = &setup.offering};
}

void Apply(const std::vector<std::string>& words, CaseSetup& setup) {
  const std::string& key = words[0];
  const std::string value = words.size() > 1 ? words[1] : "";
  const std::vector<std::string> rest(words.begin() + 1, words.end());
  Quirks& quirks = setup.provider.quirks;
  if (key == "provider") setup.provider.id = value;
  if (key == "capabilities") setup.model.capabilities = rest;
  if (key == "output_limit") CHECK(absl::SimpleAtoi(value, &setup.output_limit));
  if (key == "output_tokens_max") {
    CHECK(absl::SimpleAtoi(value, &setup.offering.output_tokens_max));
  }
  if (key == "call.model") setup.call.model = value;
  if (key == "call.stream") setup.call.stream = value == "true";
  if (key == "call.version") setup.call.version = value;
  if (key == "call.framing") setup.call.framing = value;
  if (key == "no_usage") setup.include_usage = false;
  if (key == "item_id") setup.item_ids[value] = rest.size() > 1 ? rest[1] : "";
  if (key == "kept_name") setup.kept_name = value;
  if (key == "output_limit_field") quirks.output_limit_field = value;
  if (key == "no_stream_usage") quirks.no_stream_usage = true;
  if (key == "no_developer_role") quirks.no_developer_role = true;
  if (key == "no_json_schema") quirks.no_json_schema = true;
  if (key == "no_image_url") quirks.no_image_url = true;
  if (key == "cache_control") quirks.cache_control = true;
  if (key == "reasoning_request") quirks.reasoning_request = value;
  if (key == "reasoning_history") quirks.reasoning_history = value;
  if (key == "unsupported_parameters") quirks.unsupported_parameters = rest;
}

// Feeds the events of a stream as they arrive.
class StreamRun {
 public:
  StreamRun(const Surface& surface, const ProviderFormat& format, const AnswerContext& context)
      : reader_(format.NewEventReader()), writer_(surface.NewStreamWriter(context)) {}

  void Feed(std::string_view bytes) {
    buffer_ += bytes;
    std::size_t consumed = 0;
    while (!over_) {
      const std::string_view rest = std::string_view(buffer_).substr(consumed);
      const std::size_t size = splitter_.Next(rest);
      if (size == 0) break;
      TakeEvent(rest.substr(0, size));
      consumed += size;
    }
    buffer_.erase(0, consumed);
  }

  std::string End() {
    if (!over_) {
      reader_->AtEnd(events_);
      Drain();
    }
    if (!over_) Fail(ErrorCode::kStreamInterrupted);
    return std::move(out_);
  }

 private:
  void TakeEvent(std::string_view event) {
    const std::string_view data = SseData(event, scratch_);
    if (data.empty()) return;
    if (!reader_->Read(SseName(event), data, events_)) return Fail(ErrorCode::kStreamInterrupted);
    Drain();
  }

  void Fail(ErrorCode code) {
    over_ = true;
    GatewayError error;
    error.code = code;
    writer_->Fail(error, out_);
  }

  void Drain() {
    for (const ir::Event& event : events_) {
      if (event.usage.present) usage_ = event.usage;
      if (event.type == ir::EventType::kEnd) {
        over_ = true;
        writer_->Finish(CostOf(usage_), out_);
        break;
      }
      if (event.type == ir::EventType::kError) {
        Fail(ErrorCode::kStreamInterrupted);
        break;
      }
      writer_->Write(event, out_);
    }
    events_.clear();
  }

  std::unique_ptr<EventReader> reader_;
  std::unique_ptr<StreamWriter> writer_;
  SseSplitter splitter_;
  std::string buffer_;
  std::string scratch_;
  ir::EventList events_;
  ir::Usage usage_;
  std::string out_;
  bool over_ = false;
};

}  // namespace

std::string Case::Path(std::string_view file) const {
  return absl::StrCat(folder, "/", AbslView(file));
}

bool Case::Has(std::string_view file) const { return fs::exists(Path(file)); }

std::string Case::Read(std::string_view file) const {
  std::ifstream in(Path(file), std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<Case> AllCases() {
  std::vector<Case> cases;
  const fs::path root = fs::path(TOLLGATE_TRANSLATE_CASES);
  for (const auto& owner : fs::directory_iterator(root)) {
    if (!owner.is_directory()) continue;
    const std::string label = owner.path().filename().string();
    const std::size_t dash = label.find('-');
    for (const auto& folder : fs::directory_iterator(owner.path())) {
      cases.push_back({label.substr(0, dash), label.substr(dash + 1),
                       folder.path().filename().string(), folder.path().string()});
    }
  }
  std::sort(cases.begin(), cases.end(),
            [](const Case& a, const Case& b) { return a.folder < b.folder; });
  return cases;
}

const Surface* FindSurface(std::string_view name) {
  for (const Surface* surface : Surfaces()) {
    if (surface->name() == name) return surface;
  }
  return nullptr;
}

std::vector<const ProviderFormat*> SpokenFormatList() {
  std::vector<const ProviderFormat*> formats;
  for (const WireFormat wire : {WireFormat::kOpenAiChat, WireFormat::kOpenAiResponses,
                                WireFormat::kAnthropic, WireFormat::kGemini}) {
    if (FormatOf(wire) != nullptr) formats.push_back(FormatOf(wire));
  }
  return formats;
}

const ProviderFormat* FindFormat(std::string_view name) {
  for (const ProviderFormat* format : SpokenFormatList()) {
    if (format->name() == name) return format;
  }
  return nullptr;
}

const ProviderFormat* NativeFormat(const Surface& surface) {
  for (const WireFormat wire : {WireFormat::kOpenAiChat, WireFormat::kOpenAiResponses,
                                WireFormat::kAnthropic, WireFormat::kGemini}) {
    if (surface.formats() >> static_cast<unsigned>(wire) & 1) return FormatOf(wire);
  }
  return nullptr;
}

void ReadSetup(const Case& c, CaseSetup& setup) {
  setup.provider.id = "acme";
  setup.model.id = std::string(kRequestedModel);
  setup.offering.model = &setup.model;
  setup.offering.provider = &setup.provider;
  setup.offering.provider_model_id = "small-1";
  if (!c.Has("setup")) return;
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(c.Read("setup"), '\n', absl::SkipWhitespace()))) {
    Apply(absl::StrSplit(line, ' ', absl::SkipWhitespace()), setup);
  }
}

std::string Indented(std::string_view json) {
  JsonDocument document;
  if (!document.Parse(json)) return std::string(json);
  std::string out;
  Indent(document.root(), 0, out);
  return out;
}

std::string WrittenBy(const ProviderFormat& format, const Surface& surface, const CaseSetup& setup,
                      std::string_view body) {
  const auto refused = [](const GatewayError& error) {
    return absl::StrCat(error.http_status(), " ", AbslView(RowOf(error.code).name), " ",
                        error.param, "\n", AbslView(error.text()), "\n");
  };
  ScannedRequest scan;
  if (const auto error = surface.Scan(body, setup.call, scan)) return refused(*error);
  for (ScannedItemId& id : scan.item_ids) {
    const auto sent = setup.item_ids.find(id.text);
    if (sent == setup.item_ids.end()) continue;
    id.rewritten = true;
    id.sent = sent->second;
  }
  ir::Request request;
  if (const auto error = surface.ReadRequest(body, setup.call, scan, request)) {
    return refused(*error);
  }
  ir::Omissions omissions(format.name());
  WrittenRequest written;
  format.WriteRequest(request, setup.provider, DecisionOf(surface, setup, scan), omissions,
                      written);
  if (omissions.refused()) {
    return absl::StrCat("refused ", omissions.refused_param(), "\n", omissions.refusal(), "\n");
  }
  std::string out = absl::StrCat("POST ", written.path, "\n", written.header_lines);
  out.erase(std::remove(out.begin(), out.end(), '\r'), out.end());
  for (const ir::Warning& warning : omissions.warnings()) {
    absl::StrAppend(&out, "warning ", warning.feature, ": ", warning.details, "\n");
  }
  return absl::StrCat(out, "\n", Indented(written.body), "\n");
}

std::string AnsweredBy(const Surface& surface, const ProviderFormat& format, const CaseSetup& setup,
                       std::string_view answer) {
  ir::Response response;
  if (!format.ReadResponse(answer, response)) return "not an answer\n";
  ScannedRequest scan;
  const AnswerContext context = ContextOf(setup, scan);
  std::string out;
  surface.WriteAnswer(response, context, CostOf(response.usage), out);
  return Indented(out) + "\n" + Dump(response.usage);
}

std::string StreamedBy(const Surface& surface, const ProviderFormat& format, const CaseSetup& setup,
                       std::string_view stream, std::size_t step) {
  ScannedRequest scan;
  scan.stream = true;
  scan.include_usage = setup.include_usage;
  const AnswerContext context = ContextOf(setup, scan);
  StreamRun run(surface, format, context);
  if (step == 0) step = stream.size();
  for (std::size_t at = 0; at < stream.size(); at += step) run.Feed(stream.substr(at, step));
  return run.End();
}

std::string ErrorOf(const ProviderFormat& format, std::string_view status_and_body) {
  constexpr std::string_view kClasses[] = {
      "unknown", "request",   "context_length", "content_filter", "credential",
      "quota",   "not_found", "rate_limit",     "overloaded",     "server"};
  const std::size_t line = status_and_body.find('\n');
  int status = 0;
  CHECK(absl::SimpleAtoi(AbslView(status_and_body.substr(0, line)), &status));
  const ProviderError error = format.ReadError(status, status_and_body.substr(line + 1));
  return absl::StrCat(
      "class ", AbslView(kClasses[static_cast<int>(error.error_class)]), "\nmessage ",
      error.message, "\ncode ", error.code, "\ntype ", error.type, "\n",
      error.retry_after.has_value()
          ? absl::StrCat("retry_after ", absl::FormatDuration(*error.retry_after), "\n")
          : "");
}

}  // namespace tollgate::dataplane
