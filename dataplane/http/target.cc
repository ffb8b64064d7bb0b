#include "dataplane/http/target.h"

namespace tollgate::dataplane {
namespace {

int HexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Decodes once; false for a malformed escape.
bool PercentDecode(std::string_view text, bool plus_is_blank, std::string& out) {
  out.clear();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && plus_is_blank) {
      out.push_back(' ');
    } else if (text[i] != '%') {
      out.push_back(text[i]);
    } else {
      if (text.size() - i < 3) return false;
      const int high = HexValue(text[i + 1]);
      const int low = HexValue(text[i + 2]);
      if (high < 0 || low < 0) return false;
      out.push_back(static_cast<char>(high << 4 | low));
      i += 2;
    }
  }
  return true;
}

// No forbidden character, no empty and no dot segment.
bool IsPlainPath(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  std::size_t segment_start = 1;
  for (std::size_t i = 1; i <= path.size(); ++i) {
    if (i < path.size() && path[i] != '/') {
      const char c = path[i];
      if (c <= 0x20 || c >= 0x7f || c == '\\' || c == '%' || c == '?' || c == '#') return false;
      continue;
    }
    const std::string_view segment = path.substr(segment_start, i - segment_start);
    if (segment == "." || segment == "..") return false;
    if (segment.empty() && path.size() > 1) return false;
    segment_start = i + 1;
  }
  return true;
}

}  // namespace

std::optional<std::string_view> NormalizePath(std::string_view path_and_query,
                                              std::string& scratch) {
  std::string_view path = path_and_query.substr(0, path_and_query.find('?'));
  if (path.find('%') != std::string_view::npos) {
    if (!PercentDecode(path, false, scratch)) return std::nullopt;
    path = scratch;
  }
  if (!IsPlainPath(path)) return std::nullopt;
  return path;
}

std::optional<std::string> QueryParameter(std::string_view path_and_query, std::string_view name) {
  const std::size_t question = path_and_query.find('?');
  if (question == std::string_view::npos) return std::nullopt;
  std::string_view query = path_and_query.substr(question + 1);
  std::string decoded;
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    const std::size_t equals = pair.find('=');
    if (PercentDecode(pair.substr(0, equals), true, decoded) && decoded == name) {
      const std::string_view value =
          equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1);
      if (!PercentDecode(value, true, decoded)) return std::nullopt;
      return decoded;
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  return std::nullopt;
}

}  // namespace tollgate::dataplane
