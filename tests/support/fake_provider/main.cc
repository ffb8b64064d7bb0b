// fake-provider: the demo provider's OpenAI format and books, with faults on demand; and further
// models that are sold in four wire formats, with the same books and faults (wire/wire_provider.h).
//
//   POST   /control      sets faults (fault_plan.h)
//   DELETE /books        empties the books
//   GET    /seen         with --record N: the last N requests, newest first, as a JSON array of
//                        {"target", "authorization", "headers", "body"}
#include <CLI/CLI.hpp>
#include <deque>
#include <iostream>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/file_system.h"
#include "base/json_text.h"
#include "base/ready_file.h"
#include "base/shutdown.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "tests/support/fake_provider/fault_plan.h"
#include "tests/support/fake_provider/wire/wire_provider.h"
#include "tollgate/demo_provider/openai_provider.h"
#include "tollgate/demo_provider/provider_listener.h"

namespace tollgate {
namespace {

struct Flags {
  std::string listen = "127.0.0.1:0";
  std::string ready_file;
  std::vector<std::string> api_keys;
  std::vector<std::string> models;
  std::vector<std::string> wire_models;
  int threads = 2;
  int token_interval_ms = 0;
  std::size_t record = 0;
  std::size_t books_entries = 1'000'000;
  TlsFiles tls;
};

// "ID=input:output[:cache_read[:reasoning[:request]]]", prices in pico-USD.
absl::StatusOr<DemoModel> ParseModel(const std::string& text) {
  const std::size_t mark = text.rfind('=');
  if (mark == std::string::npos) return absl::InvalidArgumentError("a model is ID=input:output…");
  DemoModel model;
  model.id = text.substr(0, mark);
  model.display_name = model.id;
  std::int64_t DemoPrices::*const fields[] = {
      &DemoPrices::input_pico_usd, &DemoPrices::output_pico_usd, &DemoPrices::cache_read_pico_usd,
      &DemoPrices::reasoning_pico_usd, &DemoPrices::request_pico_usd};
  const std::vector<std::string> parts = absl::StrSplit(text.substr(mark + 1), ':');
  if (parts.size() < 2 || parts.size() > std::size(fields)) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "': two to five prices"));
  }
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (!absl::SimpleAtoi(parts[i], &(model.prices.*fields[i]))) {
      return absl::InvalidArgumentError(absl::StrCat("'", parts[i], "' is no price"));
    }
  }
  if (parts.size() < 3) model.prices.cache_read_pico_usd = model.prices.input_pico_usd;
  if (parts.size() < 4) model.prices.reasoning_pico_usd = model.prices.output_pico_usd;
  model.caches = parts.size() >= 3;
  model.reasons = parts.size() >= 4;
  return model;
}

// The last requests, for tests that ask what reached the provider.
class Recorder {
 public:
  explicit Recorder(std::size_t requests_max) : requests_max_(requests_max) {}

  void Add(const ProviderRequest& request) {
    if (requests_max_ == 0) return;
    std::string entry = "{\"target\":";
    AppendJsonString(entry, request.target);
    entry += ",\"authorization\":";
    AppendJsonString(entry, request.authorization);
    entry += ",\"headers\":{";
    const char* separator = "";
    for (const auto& [name, value] : request.headers) {
      entry += separator;
      separator = ",";
      AppendJsonString(entry, absl::AsciiStrToLower(AbslView(name)));
      entry += ':';
      AppendJsonString(entry, value);
    }
    entry += "},\"body\":";
    AppendJsonString(entry, request.body);
    entry += '}';
    std::lock_guard lock(mutex_);
    if (entries_.size() == requests_max_) entries_.pop_back();
    entries_.push_front(std::move(entry));
  }

  std::string ToJson() const {
    std::string out = "[";
    std::lock_guard lock(mutex_);
    for (const std::string& entry : entries_) {
      if (out.size() > 1) out += ",\n";
      out += entry;
    }
    return out + "]\n";
  }

 private:
  const std::size_t requests_max_;
  mutable std::mutex mutex_;
  std::deque<std::string> entries_;
};

Reply Answer(const ProviderRequest& request, OpenAiProvider& provider,
             wire::WireProvider& wire_provider, FaultPlan& plan, Recorder& recorder) {
  if (request.target == "/control" && request.method == "POST") {
    const absl::Status status = plan.Control(request.body);
    if (status.ok()) return WholeReply(200, "application/json", "{}\n");
    return ErrorReply(400, "invalid_request_error", "invalid_control", StdView(status.message()));
  }
  if (request.target == "/books" && request.method == "DELETE") {
    provider.books().Clear();
    return WholeReply(200, "application/json", "{}\n");
  }
  if (request.target == "/seen") return WholeReply(200, "application/json", recorder.ToJson());
  if (request.method == "POST") recorder.Add(request);
  if (std::optional<Reply> reply = wire_provider.Answer(request)) return *std::move(reply);
  return provider.Answer(request);
}

absl::Status Run(const Flags& flags) {
  ShutdownSignal shutdown;
  FaultPlan plan;
  OpenAiProviderOptions options;
  for (const std::string& text : flags.models) {
    TG_ASSIGN_OR_RETURN(DemoModel model, ParseModel(text));
    options.models.push_back(std::move(model));
  }
  if (!flags.api_keys.empty()) options.api_keys = flags.api_keys;
  options.token_interval = absl::Milliseconds(flags.token_interval_ms);
  options.books_entries_max = flags.books_entries;
  options.editor = [&plan](const ChatRequest& request) { return plan.EditorFor(request); };
  wire::WireProviderOptions wire_options;
  for (const std::string& text : flags.wire_models) {
    TG_ASSIGN_OR_RETURN(wire::WireModel model, wire::ParseWireModel(text));
    wire_options.models.push_back(std::move(model));
  }
  wire_options.api_keys = options.api_keys;
  wire_options.token_interval = options.token_interval;
  OpenAiProvider provider(std::move(options));
  wire::WireProvider wire_provider(std::move(wire_options), provider.books(), plan);
  Recorder recorder(flags.record);
  TG_ASSIGN_OR_RETURN(
      auto listener,
      ProviderListener::Start({.address = flags.listen, .threads = flags.threads, .tls = flags.tls},
                              [&](const ProviderRequest& request) {
                                return Answer(request, provider, wire_provider, plan, recorder);
                              }));
  std::cout << listener->url() << std::endl;
  if (!flags.ready_file.empty()) {
    TG_RETURN_IF_ERROR(
        WriteReadyFile(RealFileSystem(), flags.ready_file, {{"url", listener->url()}}));
  }
  shutdown.Wait();
  listener->Stop();
  return absl::OkStatus();
}

int Main(int argc, char** argv) {
  CLI::App app("An OpenAI-format provider that keeps books and fails on demand", "fake-provider");
  Flags flags;
  app.add_option("--listen", flags.listen, "host:port; port 0 takes any free one");
  app.add_option("--ready-file", flags.ready_file, "written when it serves: {\"url\": …}");
  app.add_option("--api-key", flags.api_keys, "accepted keys (default: the demo provider's)");
  app.add_option("--model", flags.models,
                 "one more model: ID=input:output[:cache_read[:reasoning[:request]]] in pico-USD");
  app.add_option("--wire-model", flags.wire_models,
                 "one more model in all formats: ID=input:2500000,output:10000000,… in pico-USD");
  app.add_option("--threads", flags.threads, "event loops");
  app.add_option("--token-interval-ms", flags.token_interval_ms, "before each streamed token");
  app.add_option("--record", flags.record, "requests kept for GET /seen");
  app.add_option("--books-entries", flags.books_entries, "single entries kept in the books");
  app.add_option("--tls-certificate", flags.tls.certificate_path, "for https");
  app.add_option("--tls-private-key", flags.tls.private_key_path, "for https");
  CLI11_PARSE(app, argc, argv);
  const absl::Status status = Run(flags);
  if (status.ok()) return 0;
  std::cerr << "fake-provider: " << status.message() << "\n";
  return 1;
}

}  // namespace
}  // namespace tollgate

int main(int argc, char** argv) { return tollgate::Main(argc, argv); }
