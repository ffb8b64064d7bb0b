#include "dataplane/snapshot/origin.h"

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "proto/validate/base_url.h"

namespace tollgate::dataplane {
namespace {

bool HasDotSegment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash.
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

absl::Status Bad(std::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("base_url: ", AbslView(why)));
}

}  // namespace

void Origin::AppendHostHeader(std::string& out) const {
  const bool ipv6 = host.find(':') != std::string::npos;
  if (ipv6) out += '[';
  out += host;
  if (ipv6) out += ']';
  if (port != (tls ? 443 : 80)) absl::StrAppend(&out, ":", port);
}

std::string Origin::HostHeader() const {
  std::string text;
  AppendHostHeader(text);
  return text;
}

absl::StatusOr<Origin> ParseOrigin(std::string_view base_url) {
  const std::string_view objection = BaseUrlObjection(base_url);
  if (!objection.empty()) return Bad(objection);
  for (char c : base_url) {
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f ||
        std::string_view("@?#\\%").find(c) != std::string_view::npos) {
      return Bad("must have no user, query, fragment, escape or blank");
    }
  }
  Origin origin;
  std::string_view rest = base_url;
  if (rest.starts_with("https://")) {
    origin.tls = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return Bad("must begin with https:// or http://");
  }
  origin.port = origin.tls ? 443 : 80;
  std::string_view authority = rest.substr(0, rest.find('/'));
  std::string_view path = rest.substr(authority.size());
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return Bad("has an unclosed bracket");
    origin.host = absl::AsciiStrToLower(AbslView(authority.substr(1, end - 1)));
    port = authority.substr(end + 1);
  } else {
    const std::size_t colon = authority.find(':');
    origin.host = absl::AsciiStrToLower(AbslView(authority.substr(0, colon)));
    if (colon != std::string_view::npos) port = authority.substr(colon);
  }
  if (origin.host.empty()) return Bad("has no host");
  if (!port.empty()) {
    std::uint32_t number = 0;
    if (port.size() < 2 || port.size() > 6 ||
        !absl::SimpleAtoi(AbslView(port.substr(1)), &number) || number == 0 || number > 65535) {
      return Bad("has a bad port");
    }
    origin.port = static_cast<std::uint16_t>(number);
  }
  while (path.ends_with('/')) path.remove_suffix(1);
  if (HasDotSegment(path)) return Bad("has a dot segment");
  origin.path_prefix = path;
  return origin;
}

}  // namespace tollgate::dataplane
