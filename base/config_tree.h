// A YAML document as a plain tree: the one place that speaks to yaml-cpp.
//
// For configuration read with base/config_file.h, and for code that walks YAML itself.
#ifndef TOLLGATE_BASE_CONFIG_TREE_H_
#define TOLLGATE_BASE_CONFIG_TREE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tollgate {

// Largest text, deepest nesting and most nodes (aliases expanded): far above any honest file, and
// low enough that a hostile one is refused at once.
inline constexpr std::size_t kConfigBytesMax = 16 * 1024 * 1024;
inline constexpr int kConfigDepthMax = 32;
inline constexpr std::size_t kConfigNodesMax = 1'000'000;

// A value with the line (from 1) on which it begins.
struct ConfigValue {
  enum class Kind { kNull, kScalar, kList, kMap };
  struct Entry;

  Kind kind = Kind::kNull;
  int line = 0;
  std::string scalar;              // kScalar.
  bool quoted = false;             // kScalar: written in quotes, so certainly text.
  std::vector<ConfigValue> items;  // kList.
  std::vector<Entry> entries;      // kMap, in file order, keys distinct.

  // The value under `key`, or nullptr.
  const Entry* Find(std::string_view key) const;
};

struct ConfigValue::Entry {
  std::string key;
  int line = 0;  // Of the key.
  ConfigValue value;
};

// All documents of `text`; `name` begins the messages.  InvalidArgument with the line for a syntax
// error, a repeated key, a key that is not a scalar, or a limit above exceeded.
absl::StatusOr<std::vector<ConfigValue>> ParseYaml(std::string_view text, std::string_view name);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_CONFIG_TREE_H_
