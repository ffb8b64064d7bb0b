// The process log: one JSON object per line, to stderr or to a file.
//
//   LogEvent(LogLevel::kInfo, "lease_granted", {{"lease", id}, {"amount_nano_usd", amount}});
//   → {"time":"2026-01-02T03:04:05.678901Z","level":"info","service":"billing",
//      "event":"lease_granted","lease":"…","amount_nano_usd":5000000}
//
// Never log a key, a credential or a prompt: a Secret does not convert to a LogField.  Log what a
// person would act on; one line per request belongs to the AccessLog (base/access_log.h).
// All functions are thread-safe; a line is written whole and at once, so a crash loses none.
#ifndef TOLLGATE_BASE_LOG_H_
#define TOLLGATE_BASE_LOG_H_

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"

namespace tollgate {

enum class LogLevel { kDebug, kInfo, kWarning, kError, kOff };

// "debug", "info", "warning", "error", "off".
std::string_view LogLevelName(LogLevel level);
std::optional<LogLevel> ParseLogLevel(std::string_view name);

// One key and value of a line.  Refers to its strings: use it only as an argument.
class LogField {
 public:
  LogField(std::string_view key, std::string_view value) : key_(key), value_(value) {}
  LogField(std::string_view key, const char* value) : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, const std::string& value)
      : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, bool value) : key_(key), value_(value) {}
  LogField(std::string_view key, double value) : key_(key), value_(value) {}
  template <std::signed_integral T>
  LogField(std::string_view key, T value) : key_(key), value_(static_cast<std::int64_t>(value)) {}
  template <std::unsigned_integral T>
  requires(!std::same_as<T, bool>) LogField(std::string_view key, T value)
      : key_(key), value_(static_cast<std::uint64_t>(value)) {}
  // The code and message, e.g. "NOT_FOUND: no such key".
  LogField(std::string_view key, const absl::Status& value) : key_(key), value_(value.ToString()) {}

  std::string_view key() const { return key_; }

  // Appends the value as JSON.
  void AppendValue(std::string& out) const;

 private:
  std::string_view key_;
  std::variant<std::string_view, bool, double, std::int64_t, std::uint64_t, std::string> value_;
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;  // Lines below it are dropped.
  std::string path{};                // Appended to; empty = stderr.
  std::string service{};             // The "service" of each line; empty = left out.
};

// Sets where and what to log from now on; before the first call, kInfo and above go to stderr.
// The error of opening the file; then nothing changes.
absl::Status ConfigureLog(const LogOptions& options);

// Whether a line of this level would be written; for skipping costly arguments.
bool LogEnabled(LogLevel level);

// Writes one line.  `event` is a stable snake_case word, the variable parts are fields.
void LogEvent(LogLevel level, std::string_view event, std::initializer_list<LogField> fields = {});

}  // namespace tollgate

#endif  // TOLLGATE_BASE_LOG_H_
