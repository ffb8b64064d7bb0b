// Strict reading of YAML configuration.
//
// Every key a program asks for is recorded; Finish() then refuses every key nobody asked for, and
// the first value that had the wrong type, each with file and line:
//
//   config.yaml:12: unknown key 'lisen' in 'http' (known: listen, tls)
//   config.yaml:3: 'port' must be an integer 0..65535, got 'abc'
//   config.yaml: missing key 'data_dir'
//
// So a reader asks for everything, without testing each answer, and calls Finish() once:
//
//   TG_ASSIGN_OR_RETURN(ConfigNode root, ConfigNode::Load(path));
//   ConfigNode http = root.Child("http");
//   config.listen = http.Get<HostPort>("listen", {"127.0.0.1", 8080});
//   config.idle_timeout = http.Get<absl::Duration>("idle_timeout", absl::Seconds(60));
//   config.data_dir = root.Require<std::string>("data_dir");
//   TG_RETURN_IF_ERROR(root.Finish());   // before any value is used
//
// After an error, getters go on returning defaults.  All nodes of one document share its first
// error.  A key may be given once in a map.  Not thread-safe.
#ifndef TOLLGATE_BASE_CONFIG_FILE_H_
#define TOLLGATE_BASE_CONFIG_FILE_H_

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/host_port.h"

namespace tollgate {

// A number of bytes: "512", "64KiB", "4MiB", "1GiB".
struct ByteSize {
  std::uint64_t bytes = 0;
  friend bool operator==(const ByteSize&, const ByteSize&) = default;
};

// Inclusive bounds of an integer.
struct IntRange {
  std::int64_t min;
  std::int64_t max;
};

// A map (or an absent one, which has only defaults) within a document.  A cheap handle; copies
// refer to the same document.
class ConfigNode {
 public:
  // Reads a file with one document, whose root is a map.  NotFound, or InvalidArgument with the
  // line for a syntax error, a repeated key, or a limit of base/config_tree.h exceeded.  An empty
  // file is an empty map.
  static absl::StatusOr<ConfigNode> Load(const std::string& path);

  // The same from text; `name` stands for the file in messages.
  static absl::StatusOr<ConfigNode> Parse(std::string_view text, std::string_view name);

  // A file of any number of documents separated by `---`; each has an error and a Finish() of its
  // own.  Empty documents are left out.
  static absl::StatusOr<std::vector<ConfigNode>> ParseDocuments(std::string_view text,
                                                                std::string_view name);

  // Whether the key is present and not null.  Counts as asking for it.
  bool Has(std::string_view key) const;

  // The value, or `fallback` when the key is absent or null.  T is one of std::string, bool, int,
  // std::int64_t, std::uint16_t, std::uint32_t, absl::Duration ("250ms", "10s", "5m", "1h30m",
  // "0", "inf"; not negative), ByteSize, HostPort, std::vector<std::string>.
  template <typename T>
  T Get(std::string_view key, T fallback) const;

  // The value; an absent key is an error, and T() is returned.
  template <typename T>
  T Require(std::string_view key) const;

  // The value if the key is present.
  template <typename T>
  std::optional<T> GetOptional(std::string_view key) const;

  // An integer within `range`.
  std::int64_t GetInt(std::string_view key, std::int64_t fallback, IntRange range) const;

  // One of `choices`; the message lists them.
  std::string GetChoice(std::string_view key, std::string_view fallback,
                        std::initializer_list<std::string_view> choices) const;

  // The map under `key`; an absent node when missing or null.
  ConfigNode Child(std::string_view key) const;

  // The list of maps under `key`; empty when missing or null.
  std::vector<ConfigNode> Children(std::string_view key) const;

  // The map under `key` whose own keys are free names, in file order: name → map.
  std::vector<std::pair<std::string, ConfigNode>> NamedChildren(std::string_view key) const;

  // The map under `key` with free names and plain values, in file order.
  std::vector<std::pair<std::string, std::string>> StringMap(std::string_view key) const;

  // The keys of this map, in file order.  Does not count as asking for them.
  std::vector<std::string> Keys() const;

  // False for the node of a missing key.
  bool present() const;

  // "http.tls", for messages; empty at the root.
  const std::string& path() const;

  // Records a caller's own objection to the value of `key` (or to this node, when empty), such as
  // "must be below idle_timeout"; becomes `file:line: 'key' must be …`.
  void Fail(std::string_view key, std::string_view objection) const;

  // OK, or InvalidArgument with the first of: a value refused, in the order asked for; an unknown
  // key in a map that was read, in file order; a missing key (last, since a misspelt key is both
  // unknown and missing).  Call on the root, after everything was asked for.
  absl::Status Finish() const;

 private:
  struct Document;
  struct Map;

  ConfigNode(std::shared_ptr<Document> document, std::shared_ptr<Map> map);

  std::shared_ptr<Document> document_;
  std::shared_ptr<Map> map_;
};

// The textual forms, for flags: "10s", "250ms", "5m".  InvalidArgument otherwise.
absl::StatusOr<absl::Duration> ParseConfigDuration(std::string_view text);
absl::StatusOr<ByteSize> ParseByteSize(std::string_view text);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_CONFIG_FILE_H_
