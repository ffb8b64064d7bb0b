// The access log: one line per request, off the request's path.
//
// Write() copies the line into a buffer under a short lock and makes no system call; a thread of
// its own writes the buffer out when it is large enough or every 200 ms, and at destruction.
#ifndef TOLLGATE_BASE_ACCESS_LOG_H_
#define TOLLGATE_BASE_ACCESS_LOG_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tollgate {

// Thread-safe.
class AccessLog {
 public:
  virtual ~AccessLog() = default;

  // Takes one line, without its end.  Never blocks on the disk.
  virtual void Write(std::string_view line) = 0;
};

struct AccessLogOptions {
  std::string path{};  // Appended to; empty = stdout.
  // Wakes the writer before the timer does: one write(2) of this size is cheap.
  std::size_t flush_bytes = 64 * 1024;
  absl::Duration flush_interval = absl::Milliseconds(200);
  // When the disk cannot keep up, lines beyond this are dropped and counted rather than let memory
  // or the request path pay: some seconds at full rate.
  std::size_t buffer_bytes_max = 8 * 1024 * 1024;
};

// The real one.
class BufferedAccessLog final : public AccessLog {
 public:
  // The error of opening the file.
  static absl::StatusOr<std::unique_ptr<BufferedAccessLog>> Open(const AccessLogOptions& options);

  ~BufferedAccessLog() override;  // Writes out what is left.

  void Write(std::string_view line) override;

  // Lines dropped since Open(): buffer full, or the write failed.
  std::uint64_t lines_dropped() const;

 private:
  class Writer;
  explicit BufferedAccessLog(std::unique_ptr<Writer> writer);

  std::unique_ptr<Writer> writer_;
};

// Drops every line: for a node configured without an access log, and for tests.
class NullAccessLog final : public AccessLog {
 public:
  void Write(std::string_view) override {}
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_ACCESS_LOG_H_
