#include "billing/service/page.h"

#include <algorithm>

#include "base/digest.h"

namespace tollgate::billing {

absl::StatusOr<std::size_t> PageSize(std::int32_t requested) {
  if (requested < 0) return absl::InvalidArgumentError("page_size must not be negative");
  if (requested == 0) return kPageSizeDefault;
  return std::min<std::size_t>(static_cast<std::size_t>(requested), kPageSizeMax);
}

std::string MakePageToken(char kind, std::string_view position) {
  std::string text(1, kind);
  text.append(position);
  return Base64Encode(text);
}

absl::StatusOr<std::string> ReadPageToken(char kind, const std::string& token) {
  if (token.empty()) return std::string();
  const absl::StatusOr<std::string> text = Base64Decode(token);
  if (!text.ok() || text->empty() || text->front() != kind) {
    return absl::InvalidArgumentError("page_token is not one that this list gave out");
  }
  return text->substr(1);
}

}  // namespace tollgate::billing
