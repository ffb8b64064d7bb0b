#include "dataplane/surface/gemini/names.h"

#include <cstddef>

namespace tollgate::dataplane {

bool IsNamed(std::string_view key, std::string_view camel) {
  if (key == camel) return true;
  std::size_t at = 0;
  bool raise = false;
  for (const char c : key) {
    if (c == '_') {
      raise = true;
      continue;
    }
    const bool lower = c >= 'a' && c <= 'z';
    const char expected = raise && lower ? static_cast<char>(c - 'a' + 'A') : c;
    if (at == camel.size() || camel[at] != expected) return false;
    ++at;
    raise = false;
  }
  return at == camel.size() && !raise;
}

JsonValue FindNamed(JsonValue object, std::string_view camel) {
  for (const JsonMember m : object.members()) {
    if (IsNamed(m.key, camel)) return m.value;
  }
  return {};
}

}  // namespace tollgate::dataplane
