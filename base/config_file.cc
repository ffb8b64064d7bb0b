#include "base/config_file.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/config_tree.h"
#include "base/config_value.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate {

// One map of the document, and what was asked of it.
struct ConfigNode::Map {
  // Null for a map that is not there.  Owned by the document's root.
  const ConfigValue* value = nullptr;
  int line = 0;
  std::string path;
  std::vector<std::string> asked;  // Distinct, in order.

  void Ask(std::string_view key) {
    if (std::find(asked.begin(), asked.end(), key) == asked.end()) asked.emplace_back(key);
  }
};

struct ConfigNode::Document {
  std::string name;
  ConfigValue root;
  std::map<std::string, std::shared_ptr<Map>> maps;  // Those that were read, by path.
  absl::Status refused;                              // The first value refused.
  absl::Status missing;                              // The first key missing.

  std::string Where(int line) const { return line > 0 ? absl::StrCat(name, ":", line) : name; }
  std::shared_ptr<Map> Open(const ConfigValue* value, int line, std::string path) {
    std::shared_ptr<Map>& map = maps[path];
    // A map opened twice remembers what was asked of it the first time.
    if (map != nullptr) return map;
    map = std::make_shared<Map>();
    map->value = value;
    map->line = line;
    map->path = std::move(path);
    return map;
  }
};

namespace {

std::string Within(const std::string& path) {
  return path.empty() ? std::string() : absl::StrCat(" in '", path, "'");
}

std::string Joined(const std::string& path, std::string_view key) {
  return path.empty() ? std::string(key) : absl::StrCat(path, ".", AbslView(key));
}

// The entry that counts: present and not null.
const ConfigValue::Entry* FindValue(const ConfigValue* map, std::string_view key) {
  const ConfigValue::Entry* entry = map != nullptr ? map->Find(key) : nullptr;
  return entry != nullptr && !IsNull(entry->value) ? entry : nullptr;
}

}  // namespace

ConfigNode::ConfigNode(std::shared_ptr<Document> document, std::shared_ptr<Map> map)
    : document_(std::move(document)), map_(std::move(map)) {}

absl::StatusOr<ConfigNode> ConfigNode::Load(const std::string& path) {
  TG_ASSIGN_OR_RETURN(const std::string text, RealFileSystem().ReadFile(path));
  return Parse(text, path);
}

absl::StatusOr<ConfigNode> ConfigNode::Parse(std::string_view text, std::string_view name) {
  TG_ASSIGN_OR_RETURN(std::vector<ConfigNode> documents, ParseDocuments(text, name));
  if (documents.size() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat(AbslView(name), ": holds more than one document"));
  }
  if (!documents.empty()) return std::move(documents.front());
  auto document = std::make_shared<Document>();
  document->name = std::string(name);
  auto map = document->Open(nullptr, 0, "");
  return ConfigNode(std::move(document), std::move(map));
}

absl::StatusOr<std::vector<ConfigNode>> ConfigNode::ParseDocuments(std::string_view text,
                                                                   std::string_view name) {
  TG_ASSIGN_OR_RETURN(std::vector<ConfigValue> values, ParseYaml(text, name));
  std::vector<ConfigNode> nodes;
  for (ConfigValue& value : values) {
    if (IsNull(value)) continue;
    if (value.kind != ConfigValue::Kind::kMap) {
      return absl::InvalidArgumentError(
          absl::StrCat(AbslView(name), ":", value.line, ": must be a map, got ", Describe(value)));
    }
    auto document = std::make_shared<Document>();
    document->name = std::string(name);
    document->root = std::move(value);
    auto map = document->Open(&document->root, document->root.line, "");
    nodes.push_back(ConfigNode(std::move(document), std::move(map)));
  }
  return nodes;
}

bool ConfigNode::Has(std::string_view key) const {
  map_->Ask(key);
  return FindValue(map_->value, key) != nullptr;
}

template <typename T>
std::optional<T> ConfigNode::GetOptional(std::string_view key) const {
  map_->Ask(key);
  const ConfigValue::Entry* entry = FindValue(map_->value, key);
  if (entry == nullptr) return std::nullopt;
  T value{};
  const std::optional<std::string> objection = ConvertValue(entry->value, value);
  if (!objection.has_value()) return value;
  Fail(key, absl::StrCat(*objection, ", got ", Describe(entry->value)));
  return std::nullopt;
}

template <typename T>
T ConfigNode::Get(std::string_view key, T fallback) const {
  std::optional<T> value = GetOptional<T>(key);
  return value.has_value() ? *std::move(value) : std::move(fallback);
}

template <typename T>
T ConfigNode::Require(std::string_view key) const {
  if (!Has(key) && document_->missing.ok()) {
    document_->missing = absl::InvalidArgumentError(
        absl::StrCat(document_->Where(map_->path.empty() ? 0 : map_->line), ": missing key '",
                     AbslView(key), "'", Within(map_->path)));
  }
  return Get<T>(key, T{});
}

std::int64_t ConfigNode::GetInt(std::string_view key, std::int64_t fallback, IntRange range) const {
  map_->Ask(key);
  const ConfigValue::Entry* entry = FindValue(map_->value, key);
  if (entry == nullptr) return fallback;
  std::int64_t value = 0;
  const std::optional<std::string> objection = ConvertInt(entry->value, range, value);
  if (!objection.has_value()) return value;
  Fail(key, absl::StrCat(*objection, ", got ", Describe(entry->value)));
  return fallback;
}

std::string ConfigNode::GetChoice(std::string_view key, std::string_view fallback,
                                  std::initializer_list<std::string_view> choices) const {
  const std::optional<std::string> value = GetOptional<std::string>(key);
  if (!value.has_value()) return std::string(fallback);
  if (std::find(choices.begin(), choices.end(), *value) != choices.end()) return *value;
  const std::vector<std::string> names(choices.begin(), choices.end());
  Fail(key, absl::StrCat("must be one of ", absl::StrJoin(names, ", "), ", got '", *value, "'"));
  return std::string(fallback);
}

ConfigNode ConfigNode::Child(std::string_view key) const {
  map_->Ask(key);
  const std::string path = Joined(map_->path, key);
  const ConfigValue::Entry* entry = FindValue(map_->value, key);
  if (entry != nullptr && entry->value.kind != ConfigValue::Kind::kMap) {
    Fail(key, absl::StrCat("must be a map, got ", Describe(entry->value)));
    entry = nullptr;
  }
  // A map that is not there is blamed on the line of the one around it.
  return ConfigNode(document_, document_->Open(entry != nullptr ? &entry->value : nullptr,
                                               entry != nullptr ? entry->line : map_->line, path));
}

std::vector<ConfigNode> ConfigNode::Children(std::string_view key) const {
  map_->Ask(key);
  std::vector<ConfigNode> nodes;
  const ConfigValue::Entry* entry = FindValue(map_->value, key);
  if (entry == nullptr) return nodes;
  if (entry->value.kind != ConfigValue::Kind::kList) {
    Fail(key, absl::StrCat("must be a list of maps, got ", Describe(entry->value)));
    return nodes;
  }
  for (std::size_t i = 0; i < entry->value.items.size(); ++i) {
    const ConfigValue& item = entry->value.items[i];
    const std::string path = absl::StrCat(Joined(map_->path, key), "[", i, "]");
    if (item.kind != ConfigValue::Kind::kMap) {
      Fail(key, absl::StrCat("must be a list of maps, got ", Describe(item)));
      return nodes;
    }
    nodes.push_back(ConfigNode(document_, document_->Open(&item, item.line, path)));
  }
  return nodes;
}

std::vector<std::pair<std::string, ConfigNode>> ConfigNode::NamedChildren(
    std::string_view key) const {
  std::vector<std::pair<std::string, ConfigNode>> nodes;
  const ConfigNode names = Child(key);
  for (const std::string& name : names.Keys()) nodes.emplace_back(name, names.Child(name));
  return nodes;
}

std::vector<std::pair<std::string, std::string>> ConfigNode::StringMap(std::string_view key) const {
  std::vector<std::pair<std::string, std::string>> values;
  const ConfigNode names = Child(key);
  for (const std::string& name : names.Keys()) {
    values.emplace_back(name, names.Get<std::string>(name, ""));
  }
  return values;
}

std::vector<std::string> ConfigNode::Keys() const {
  std::vector<std::string> keys;
  if (map_->value == nullptr) return keys;
  for (const ConfigValue::Entry& entry : map_->value->entries) keys.push_back(entry.key);
  return keys;
}

bool ConfigNode::present() const { return map_->value != nullptr; }

const std::string& ConfigNode::path() const { return map_->path; }

void ConfigNode::Fail(std::string_view key, std::string_view objection) const {
  if (!document_->refused.ok()) return;
  const ConfigValue::Entry* entry =
      map_->value != nullptr && !key.empty() ? map_->value->Find(key) : nullptr;
  const std::string what = key.empty() ? map_->path : Joined(map_->path, key);
  document_->refused = absl::InvalidArgumentError(
      absl::StrCat(document_->Where(entry != nullptr ? entry->line : map_->line), ": '", what, "' ",
                   AbslView(objection)));
}

absl::Status ConfigNode::Finish() const {
  TG_RETURN_IF_ERROR(document_->refused);
  const ConfigValue::Entry* unknown = nullptr;
  const Map* holder = nullptr;
  for (const auto& [path, map] : document_->maps) {
    if (map->value == nullptr) continue;
    for (const ConfigValue::Entry& entry : map->value->entries) {
      if (std::find(map->asked.begin(), map->asked.end(), entry.key) != map->asked.end()) continue;
      if (unknown != nullptr && unknown->line <= entry.line) continue;
      unknown = &entry;
      holder = map.get();
    }
  }
  if (unknown == nullptr) return document_->missing;
  return absl::InvalidArgumentError(absl::StrCat(
      document_->Where(unknown->line), ": unknown key '", unknown->key, "'", Within(holder->path),
      " (known: ", holder->asked.empty() ? "none" : absl::StrJoin(holder->asked, ", "), ")"));
}

#define TG_INSTANTIATE_CONFIG_GETTERS(T)                     \
  template T ConfigNode::Get<T>(std::string_view, T) const;  \
  template T ConfigNode::Require<T>(std::string_view) const; \
  template std::optional<T> ConfigNode::GetOptional<T>(std::string_view) const;
TG_INSTANTIATE_CONFIG_GETTERS(std::string)
TG_INSTANTIATE_CONFIG_GETTERS(bool)
TG_INSTANTIATE_CONFIG_GETTERS(int)
TG_INSTANTIATE_CONFIG_GETTERS(std::int64_t)
TG_INSTANTIATE_CONFIG_GETTERS(std::uint16_t)
TG_INSTANTIATE_CONFIG_GETTERS(std::uint32_t)
TG_INSTANTIATE_CONFIG_GETTERS(absl::Duration)
TG_INSTANTIATE_CONFIG_GETTERS(ByteSize)
TG_INSTANTIATE_CONFIG_GETTERS(HostPort)
TG_INSTANTIATE_CONFIG_GETTERS(std::vector<std::string>)
#undef TG_INSTANTIATE_CONFIG_GETTERS

}  // namespace tollgate
