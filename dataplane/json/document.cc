#include "dataplane/json/document.h"

#include <charconv>
#include <string>
#include <system_error>

#include "base/utf8.h"

namespace tollgate::dataplane {
namespace {

// As UnescapeJson(), with U+FFFD for each half of a surrogate pair: a provider may cut an emoji in
// two between two deltas.
std::string UnescapeMending(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  while (!raw.empty()) {
    std::size_t escape = raw.find('\\');
    if (escape == std::string_view::npos) escape = raw.size();
    text.append(raw.substr(0, escape));
    raw.remove_prefix(escape);
    if (raw.empty()) break;
    std::size_t size = raw[1] == 'u' ? 6 : 2;
    std::string pair;
    if (size == 6 && raw.substr(6, 2) == "\\u" && UnescapeJson(raw.substr(0, 12), pair)) {
      text += pair;
      size = 12;
    } else if (!UnescapeJson(raw.substr(0, size), text)) {
      text += kUtf8Replacement;
    }
    raw.remove_prefix(size);
  }
  return text;
}

}  // namespace

std::uint32_t JsonDocument::Begin(JsonKind kind, std::string_view raw_key) {
  Node& node = nodes_.emplace_back();
  node.kind = kind;
  node.key = raw_key.find('\\') == std::string_view::npos ? raw_key : Unescaped(raw_key);
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::string_view JsonDocument::Unescaped(std::string_view raw) const {
  if (raw.find('\\') == std::string_view::npos) return raw;
  std::string text;
  text.reserve(raw.size());
  if (!UnescapeJson(raw, text)) text = UnescapeMending(raw);
  return arena_.Keep(std::move(text));
}

bool JsonDocument::ParseChildren(JsonCursor& cursor, JsonKind kind, std::uint32_t node) {
  std::uint32_t size = 0;
  if (kind == JsonKind::kObject) {
    cursor.EnterObject();
    std::string_view raw_key;
    while (cursor.NextMember(raw_key)) {
      if (!ParseValue(cursor, raw_key)) return false;
      ++size;
    }
  } else {
    cursor.EnterArray();
    while (cursor.NextElement()) {
      if (!ParseValue(cursor, {})) return false;
      ++size;
    }
  }
  nodes_[node].size = size;
  return cursor.ok();
}

bool JsonDocument::ParseValue(JsonCursor& cursor, std::string_view raw_key) {
  const JsonKind kind = cursor.Peek();
  const std::size_t begin = cursor.ValueOffset();
  const std::uint32_t node = Begin(kind, raw_key);
  if (kind == JsonKind::kObject || kind == JsonKind::kArray) {
    if (!ParseChildren(cursor, kind, node)) return false;
  } else if (!cursor.Skip()) {
    return false;
  }
  nodes_[node].raw = source_.substr(begin, cursor.offset() - begin);
  nodes_[node].next = static_cast<std::uint32_t>(nodes_.size());
  return true;
}

bool JsonDocument::Parse(std::string_view text) {
  nodes_.clear();
  arena_.Reset();
  source_ = text;
  JsonCursor cursor(text);
  if (ParseValue(cursor, {}) && cursor.AtEnd()) return true;
  error_offset_ = cursor.offset();
  nodes_.clear();
  return false;
}

JsonKind JsonValue::kind() const {
  return document_ == nullptr ? JsonKind::kBad : document_->nodes_[index_].kind;
}

std::string_view JsonValue::raw() const {
  return document_ == nullptr ? std::string_view() : document_->nodes_[index_].raw;
}

std::string_view JsonValue::escaped() const {
  if (!is_string()) return {};
  const std::string_view quoted = raw();
  return quoted.substr(1, quoted.size() - 2);
}

std::string_view JsonValue::string() const {
  if (!is_string()) return {};
  const JsonDocument::Node& node = document_->nodes_[index_];
  if (!node.has_text) {
    node.text = document_->Unescaped(node.raw.substr(1, node.raw.size() - 2));
    node.has_text = true;
  }
  return node.text;
}

std::optional<std::int64_t> JsonValue::integer() const {
  const std::string_view text = number();
  std::int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || rest != text.data() + text.size()) {
    return std::nullopt;
  }
  return value;
}

std::optional<bool> JsonValue::boolean() const {
  switch (kind()) {
    case JsonKind::kTrue:
      return true;
    case JsonKind::kFalse:
      return false;
    default:
      return std::nullopt;
  }
}

std::size_t JsonValue::size() const {
  return document_ == nullptr ? 0 : document_->nodes_[index_].size;
}

JsonValue JsonValue::Find(std::string_view name) const {
  JsonValue found;
  for (const JsonMember member : members()) {
    if (member.key == name) found = member.value;
  }
  return found;
}

JsonValue::Members JsonValue::members() const {
  if (!is_object()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->nodes_[index_].next};
}

JsonValue::Elements JsonValue::elements() const {
  if (!is_array()) return {document_, 0, 0};
  return {document_, index_ + 1, document_->nodes_[index_].next};
}

}  // namespace tollgate::dataplane
