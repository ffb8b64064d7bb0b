#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/json_text.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

constexpr std::array<std::string_view, 5> kLevelNames = {"debug", "info", "warning", "error",
                                                         "off"};

// Where lines go.  Replaced whole by ConfigureLog(); a writer keeps the one it began with.
struct Output {
  std::shared_ptr<spdlog::logger> logger;
  std::string service;
};

std::shared_ptr<const Output> MakeOutput(spdlog::sink_ptr sink, std::string service) {
  // The line is complete JSON already: the pattern adds nothing to it.
  sink->set_pattern("%v");
  auto logger = std::make_shared<spdlog::logger>("tollgate", std::move(sink));
  logger->set_level(spdlog::level::trace);
  logger->flush_on(spdlog::level::trace);
  return std::make_shared<const Output>(Output{std::move(logger), std::move(service)});
}

std::shared_ptr<const Output> StderrOutput(std::string service) {
  return MakeOutput(std::make_shared<spdlog::sinks::stderr_sink_mt>(), std::move(service));
}

class State {
 public:
  State() : output_(StderrOutput("")) {}

  std::shared_ptr<const Output> output() {
    std::lock_guard lock(mutex_);
    return output_;
  }
  void set_output(std::shared_ptr<const Output> output) {
    std::lock_guard lock(mutex_);
    output_ = std::move(output);
  }

  std::atomic<LogLevel> level{LogLevel::kInfo};

 private:
  std::mutex mutex_;
  std::shared_ptr<const Output> output_;  // Guarded by mutex_.
};

// Never destroyed: threads may log while the program ends.
State& TheState() {
  static State* const state = new State;
  return *state;
}

void AppendDouble(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 32> text;
  const std::to_chars_result result = std::to_chars(text.data(), text.data() + text.size(), value);
  out.append(text.data(), result.ptr);
}

}  // namespace

std::string_view LogLevelName(LogLevel level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> ParseLogLevel(std::string_view name) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == name) return static_cast<LogLevel>(i);
  }
  return std::nullopt;
}

void LogField::AppendValue(std::string& out) const {
  if (const auto* view = std::get_if<std::string_view>(&value_)) {
    AppendJsonString(out, *view);
  } else if (const auto* text = std::get_if<std::string>(&value_)) {
    AppendJsonString(out, *text);
  } else if (const auto* boolean = std::get_if<bool>(&value_)) {
    out += *boolean ? "true" : "false";
  } else if (const auto* number = std::get_if<double>(&value_)) {
    AppendDouble(out, *number);
  } else if (const auto* whole = std::get_if<std::int64_t>(&value_)) {
    absl::StrAppend(&out, *whole);
  } else {
    absl::StrAppend(&out, std::get<std::uint64_t>(value_));
  }
}

absl::Status ConfigureLog(const LogOptions& options) {
  if (options.path.empty()) {
    TheState().set_output(StderrOutput(options.service));
  } else {
    // spdlog reports a file that does not open by an exception.
    try {
      TheState().set_output(MakeOutput(
          std::make_shared<spdlog::sinks::basic_file_sink_mt>(options.path), options.service));
    } catch (const spdlog::spdlog_ex& error) {
      return absl::PermissionDeniedError(
          absl::StrCat("cannot open the log file ", options.path, ": ", error.what()));
    }
  }
  TheState().level = options.level;
  return absl::OkStatus();
}

bool LogEnabled(LogLevel level) {
  return level != LogLevel::kOff && level >= TheState().level.load(std::memory_order_relaxed);
}

void LogEvent(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
  if (!LogEnabled(level)) return;
  const std::shared_ptr<const Output> output = TheState().output();
  std::string line = absl::StrCat(
      "{\"time\":\"",
      absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", RealClock().Wall(), absl::UTCTimeZone()),
      "\",\"level\":\"", AbslView(LogLevelName(level)), "\"");
  if (!output->service.empty()) {
    line += ",\"service\":";
    AppendJsonString(line, output->service);
  }
  line += ",\"event\":";
  AppendJsonString(line, event);
  for (const LogField& field : fields) {
    line += ',';
    AppendJsonString(line, field.key());
    line += ':';
    field.AppendValue(line);
  }
  line += '}';
  output->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace tollgate
