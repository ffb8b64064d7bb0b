// Conversions of one configuration value to a type.  Used by base/config_file.cc.
#ifndef TOLLGATE_BASE_CONFIG_VALUE_H_
#define TOLLGATE_BASE_CONFIG_VALUE_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/config_file.h"
#include "base/config_tree.h"
#include "base/host_port.h"

namespace tollgate {

// Each sets `out` and returns nullopt, or returns what the value must be: "must be true or false".
std::optional<std::string> ConvertValue(const ConfigValue& value, std::string& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, bool& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, int& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, std::int64_t& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, std::uint16_t& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, std::uint32_t& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, absl::Duration& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, ByteSize& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, HostPort& out);
std::optional<std::string> ConvertValue(const ConfigValue& value, std::vector<std::string>& out);

// An integer within `range`.
std::optional<std::string> ConvertInt(const ConfigValue& value, IntRange range, std::int64_t& out);

// Whether the value is absent in all but name: nothing, ~ or null, not in quotes.
bool IsNull(const ConfigValue& value);

// "'abc'", "a list", "a map" or "nothing", for messages.
std::string Describe(const ConfigValue& value);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_CONFIG_VALUE_H_
