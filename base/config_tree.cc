#include "base/config_tree.h"

#include <yaml-cpp/yaml.h>

#include <unordered_set>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

// Copies a yaml-cpp tree, under the limits.
class Copier {
 public:
  explicit Copier(std::string_view name) : name_(name) {}

  absl::StatusOr<ConfigValue> Copy(const YAML::Node& node, int depth) {
    ConfigValue value;
    value.line = node.Mark().line + 1;
    if (depth > kConfigDepthMax) {
      return Refuse(value.line, absl::StrCat("nested deeper than ", kConfigDepthMax, " levels"));
    }
    if (++nodes_ > kConfigNodesMax) {
      return Refuse(value.line, absl::StrCat("more than ", kConfigNodesMax, " values"));
    }
    switch (node.Type()) {
      case YAML::NodeType::Undefined:
      case YAML::NodeType::Null:
        break;
      case YAML::NodeType::Scalar:
        value.kind = ConfigValue::Kind::kScalar;
        value.scalar = node.Scalar();
        // yaml-cpp gives a quoted scalar the tag "!".
        value.quoted = node.Tag() == "!";
        break;
      case YAML::NodeType::Sequence:
        value.kind = ConfigValue::Kind::kList;
        for (const YAML::Node& item : node) {
          TG_ASSIGN_OR_RETURN(ConfigValue copy, Copy(item, depth + 1));
          value.items.push_back(std::move(copy));
        }
        break;
      case YAML::NodeType::Map:
        TG_RETURN_IF_ERROR(CopyMap(node, depth, value));
        break;
    }
    return value;
  }

 private:
  absl::Status CopyMap(const YAML::Node& node, int depth, ConfigValue& value) {
    value.kind = ConfigValue::Kind::kMap;
    std::unordered_set<std::string> keys;
    for (const auto& pair : node) {
      const int line = pair.first.Mark().line + 1;
      if (!pair.first.IsScalar()) return Refuse(line, "a key must be a plain word");
      ConfigValue::Entry entry;
      entry.key = pair.first.Scalar();
      entry.line = line;
      if (!keys.insert(entry.key).second) {
        return Refuse(line, absl::StrCat("key '", entry.key, "' is given twice"));
      }
      TG_ASSIGN_OR_RETURN(entry.value, Copy(pair.second, depth + 1));
      // The mark of an absent value is not in the text.
      if (entry.value.kind == ConfigValue::Kind::kNull) entry.value.line = line;
      value.entries.push_back(std::move(entry));
    }
    return absl::OkStatus();
  }

  absl::Status Refuse(int line, absl::string_view why) const {
    return absl::InvalidArgumentError(absl::StrCat(AbslView(name_), ":", line, ": ", why));
  }

  const std::string_view name_;
  std::size_t nodes_ = 0;
};

}  // namespace

const ConfigValue::Entry* ConfigValue::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return &entry;
  }
  return nullptr;
}

absl::StatusOr<std::vector<ConfigValue>> ParseYaml(std::string_view text, std::string_view name) {
  if (text.size() > kConfigBytesMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(AbslView(name), ": larger than ", kConfigBytesMax, " bytes"));
  }
  std::vector<ConfigValue> documents;
  Copier copier(name);
  // yaml-cpp reports every error by an exception.
  try {
    for (const YAML::Node& node : YAML::LoadAll(std::string(text))) {
      TG_ASSIGN_OR_RETURN(ConfigValue value, copier.Copy(node, 0));
      documents.push_back(std::move(value));
    }
  } catch (const YAML::Exception& error) {
    return absl::InvalidArgumentError(
        absl::StrCat(AbslView(name), ":", error.mark.line + 1, ": ", error.msg));
  }
  return documents;
}

}  // namespace tollgate
