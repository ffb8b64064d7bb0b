#include "dataplane/ir/data_url.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"

namespace tollgate::dataplane::ir {
namespace {

constexpr std::string_view kScheme = "data:";
constexpr std::string_view kBase64 = ";base64";

bool HasScheme(std::string_view url, std::string_view scheme) {
  return absl::StartsWithIgnoreCase(AbslView(url), AbslView(scheme));
}

}  // namespace

bool IsDataUrl(std::string_view url) { return HasScheme(url, kScheme); }

bool TakeUrl(std::string_view url, Media& media) {
  if (HasScheme(url, "https://") || HasScheme(url, "http://")) {
    media.url = url;
    return true;
  }
  const std::size_t comma = url.find(',');
  if (!IsDataUrl(url) || comma == std::string_view::npos) return false;
  std::string_view head = url.substr(kScheme.size(), comma - kScheme.size());
  if (!head.ends_with(kBase64)) return false;
  head.remove_suffix(kBase64.size());
  media.media_type = head.substr(0, head.find(';'));
  media.base64 = url.substr(comma + 1);
  return true;
}

std::string UrlOf(const Media& media) {
  if (!media.url.empty()) return std::string(media.url);
  if (media.base64.empty()) return {};
  const std::string_view type =
      media.media_type.empty() ? SniffMediaType(media.base64) : media.media_type;
  return absl::StrCat("data:", AbslView(type.empty() ? "application/octet-stream" : type),
                      ";base64,", AbslView(media.base64));
}

Media::Kind KindOf(std::string_view media_type) {
  if (HasScheme(media_type, "image")) return Media::Kind::kImage;
  if (HasScheme(media_type, "audio")) return Media::Kind::kAudio;
  if (HasScheme(media_type, "video")) return Media::Kind::kVideo;
  return Media::Kind::kFile;
}

std::string_view SniffMediaType(std::string_view base64) {
  // What the magic numbers look like in base64.
  if (base64.starts_with("iVBORw0KGgo")) return "image/png";
  if (base64.starts_with("/9j/")) return "image/jpeg";
  if (base64.starts_with("R0lGOD")) return "image/gif";
  if (base64.starts_with("UklGR")) return "image/webp";  // RIFF.
  if (base64.starts_with("JVBERi")) return "application/pdf";
  return {};
}

}  // namespace tollgate::dataplane::ir
