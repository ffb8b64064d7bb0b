#include "proto/validate/base_url.h"

#include <string>

#include "base/host_port.h"

namespace tollgate {
namespace {

bool IsPathChar(char c) {
  constexpr std::string_view kAllowed = "-._~!$&'()*+,;=:@/%";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kAllowed.find(c) != std::string_view::npos;
}

// Whether the authority ends with ":port"; the colons within an IPv6 host's brackets do not count.
bool HasPort(std::string_view authority) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.rfind(':');
  return colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
}

}  // namespace

std::string_view BaseUrlObjection(std::string_view url) {
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  if (url.size() > kBaseUrlCharsMax) return "must be at most 1024 characters";
  std::string_view rest = url;
  if (rest.starts_with(kHttps)) {
    rest.remove_prefix(kHttps.size());
  } else if (rest.starts_with(kHttp)) {
    rest.remove_prefix(kHttp.size());
  } else {
    return "must begin with https:// or http://";
  }
  const std::size_t slash = rest.find('/');
  const std::string_view authority = rest.substr(0, slash);
  const std::string_view path = slash == std::string_view::npos ? "" : rest.substr(slash);
  if (authority.find('@') != std::string_view::npos) return "must not name a user";
  const std::string with_port = std::string(authority) + (HasPort(authority) ? "" : ":443");
  if (!ParseHostPort(with_port).ok()) return "must name a host, and a port if it has one";
  for (char c : path) {
    if (!IsPathChar(c)) return "must be a plain path after the host, without query or fragment";
  }
  if (path.find("/../") != std::string_view::npos || path.ends_with("/..")) {
    return "must not climb with ..";
  }
  return "";
}

}  // namespace tollgate
