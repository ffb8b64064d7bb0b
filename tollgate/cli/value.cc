#include "tollgate/cli/value.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/json_text.h"

namespace tollgate::cli {
namespace {

// Words that YAML (1.1 or 1.2) reads as something other than a text.
constexpr std::string_view kYamlWords[] = {"true", "false", "null", "yes", "no",
                                           "on",   "off",   "y",    "n"};

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string Lower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

// Whether the text means itself without quotes: an identifier-like word, or a time.
bool IsPlain(std::string_view text) {
  if (text.empty() || !IsLetter(text.front()) || text.back() == ':') return false;
  const bool harmless = std::all_of(text.begin(), text.end(), [](char c) {
    return IsLetter(c) || IsDigit(c) || c == '.' || c == '/' || c == '-' || c == ':' || c == '@';
  });
  if (!harmless) return false;
  const std::string lower = Lower(text);
  return std::none_of(std::begin(kYamlWords), std::end(kYamlWords),
                      [&lower](std::string_view word) { return word == lower; });
}

void AppendScalar(const Value& value, bool plain_texts, std::string& out) {
  if (value.kind == Value::Kind::kNull) {
    out += "null";
  } else if (value.kind == Value::Kind::kText && !(plain_texts && IsPlain(value.text))) {
    AppendJsonString(out, value.text);  // A YAML double-quoted scalar, too.
  } else {
    out += value.text;
  }
}

bool IsBlock(const Value& value) {
  return (value.kind == Value::Kind::kList && !value.items.empty()) ||
         (value.kind == Value::Kind::kMap && !value.fields.empty());
}

void AppendYaml(const Value& value, std::size_t indent, std::string& out);

// After "name:" or "-".
void AppendYamlAfterMark(const Value& value, std::size_t indent, std::string& out) {
  if (IsBlock(value)) {
    out += '\n';
    AppendYaml(value, indent, out);
    return;
  }
  out += ' ';
  if (value.kind == Value::Kind::kList) {
    out += "[]";
  } else if (value.kind == Value::Kind::kMap) {
    out += "{}";
  } else {
    AppendScalar(value, true, out);
  }
  out += '\n';
}

void AppendYaml(const Value& value, std::size_t indent, std::string& out) {
  const std::string blanks(indent, ' ');
  for (const auto& [name, field] : value.fields) {
    out += blanks;
    out += name;
    out += ':';
    AppendYamlAfterMark(field, indent + 2, out);
  }
  for (const Value& item : value.items) {
    out += blanks;
    out += '-';
    AppendYamlAfterMark(item, indent + 2, out);
  }
  if (value.fields.empty() && value.items.empty()) {
    out += blanks;
    AppendScalar(value, true, out);
    out += '\n';
  }
}

// `indent` < 0: on one line.
void AppendJson(const Value& value, int indent, std::string& out) {
  const bool list = value.kind == Value::Kind::kList;
  if (!list && value.kind != Value::Kind::kMap) return AppendScalar(value, false, out);
  const int inner = indent < 0 ? indent : indent + 2;
  const auto line_end = [&out](int width) {
    if (width < 0) return;
    out += '\n';
    out.append(static_cast<std::size_t>(width), ' ');
  };
  out += list ? '[' : '{';
  bool first = true;
  for (const Value& item : value.items) {
    if (!first) out += ',';
    first = false;
    line_end(inner);
    AppendJson(item, inner, out);
  }
  for (const auto& [name, field] : value.fields) {
    if (!first) out += ',';
    first = false;
    line_end(inner);
    AppendJsonString(out, name);
    out += indent < 0 ? ":" : ": ";
    AppendJson(field, inner, out);
  }
  if (!first) line_end(indent);
  out += list ? ']' : '}';
}

}  // namespace

Value Value::Text(std::string_view text) {
  Value value;
  value.kind = Kind::kText;
  value.text = text;
  return value;
}

Value Value::Number(std::string_view digits) {
  Value value;
  value.kind = Kind::kNumber;
  value.text = digits;
  return value;
}

Value Value::Bool(bool is_true) {
  Value value;
  value.kind = Kind::kBool;
  value.text = is_true ? "true" : "false";
  return value;
}

Value Value::List() {
  Value value;
  value.kind = Kind::kList;
  return value;
}

Value Value::Map() {
  Value value;
  value.kind = Kind::kMap;
  return value;
}

void Value::Add(std::string name, Value value) {
  fields.push_back({std::move(name), std::move(value)});
}

const Value* Value::Find(std::string_view name) const {
  for (const auto& [known, field] : fields) {
    if (known == name) return &field;
  }
  return nullptr;
}

std::string ToYaml(const Value& value) {
  std::string out;
  if (value.kind == Value::Kind::kMap && value.fields.empty()) return "{}\n";
  if (value.kind == Value::Kind::kList && value.items.empty()) return "[]\n";
  AppendYaml(value, 0, out);
  return out;
}

std::string ToJson(const Value& value) {
  std::string out;
  AppendJson(value, 0, out);
  out += '\n';
  return out;
}

std::string ToCell(const Value& value) {
  switch (value.kind) {
    case Value::Kind::kNull:
      return "";
    case Value::Kind::kMap: {
      std::string out;
      AppendJson(value, -1, out);
      return out;
    }
    case Value::Kind::kList: {
      std::string out;
      for (const Value& item : value.items) {
        if (!out.empty()) out += ',';
        out += ToCell(item);
      }
      return out;
    }
    default:
      return value.text;
  }
}

}  // namespace tollgate::cli
