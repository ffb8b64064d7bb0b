#include "catalog/import/quirks_json.h"

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/json_text.h"

namespace tollgate::catalog {
namespace {

struct FlagRow {
  std::string_view name;
  bool Quirks::*field;
};
constexpr FlagRow kFlags[] = {
    {"no_stream_usage", &Quirks::no_stream_usage},
    {"no_developer_role", &Quirks::no_developer_role},
    {"no_json_schema", &Quirks::no_json_schema},
    {"no_image_url", &Quirks::no_image_url},
    {"cache_control", &Quirks::cache_control},
};

struct WordRow {
  std::string_view name;
  std::string Quirks::*field;
  std::string_view words;  // Those that it can have, each between blanks.
};
constexpr WordRow kWords[] = {
    {"output_limit_field", &Quirks::output_limit_field, " max_tokens max_completion_tokens "},
    {"reasoning_request", &Quirks::reasoning_request,
     " reasoning_effort reasoning thinking enable_thinking none "},
    {"reasoning_history", &Quirks::reasoning_history,
     " reasoning_details reasoning_content reasoning extra_content "},
};

constexpr std::string_view kUnsupported = "unsupported_parameters";

absl::Status Bad(std::string_view name) {
  return absl::InvalidArgumentError(
      absl::StrCat("quirks: '", std::string(name), "' is not understood"));
}

bool Read(std::string_view name, const JsonValue& value, Quirks& quirks) {
  for (const FlagRow& row : kFlags) {
    if (row.name != name) continue;
    quirks.*row.field = value.boolean;
    return value.kind == JsonValue::Kind::kBool;
  }
  for (const WordRow& row : kWords) {
    if (row.name != name) continue;
    quirks.*row.field = value.text;
    return row.words.find(absl::StrCat(" ", value.text, " ")) != std::string_view::npos;
  }
  if (name != kUnsupported) return false;
  for (const JsonValue& item : value.items) {
    if (!item.is_string()) return false;
    quirks.unsupported_parameters.push_back(item.text);
  }
  return value.kind == JsonValue::Kind::kArray;
}

}  // namespace

absl::StatusOr<Quirks> ReadQuirks(const JsonValue& value) {
  Quirks quirks;
  if (!value.is_object()) return Bad("quirks");
  for (const auto& [name, member] : value.members) {
    if (!Read(name, member, quirks)) return Bad(name);
  }
  return quirks;
}

std::string WriteQuirks(const Quirks& quirks) {
  std::string out = "{";
  const auto name = [&](std::string_view text) {
    if (out.size() > 1) out += ',';
    AppendJsonString(out, text);
    out += ':';
  };
  for (const WordRow& row : kWords) {
    if ((quirks.*row.field).empty()) continue;
    name(row.name);
    AppendJsonString(out, quirks.*row.field);
  }
  for (const FlagRow& row : kFlags) {
    if (!(quirks.*row.field)) continue;
    name(row.name);
    out += "true";
  }
  if (!quirks.unsupported_parameters.empty()) {
    name(kUnsupported);
    out += '[';
    for (std::size_t i = 0; i < quirks.unsupported_parameters.size(); ++i) {
      if (i > 0) out += ',';
      AppendJsonString(out, quirks.unsupported_parameters[i]);
    }
    out += ']';
  }
  return out + '}';
}

}  // namespace tollgate::catalog
