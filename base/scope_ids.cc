#include "base/scope_ids.h"

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/string_views.h"
#include "base/utf8.h"

namespace tollgate {
namespace {

constexpr std::size_t kHashChars = 26;
constexpr std::size_t kBitsPerChar = 5;

}  // namespace

bool IsValidScopeName(std::string_view name) {
  if (name.empty() || name.size() > kScopeNameBytesMax) return false;
  while (!name.empty()) {
    const auto byte = static_cast<unsigned char>(name.front());
    const std::size_t length = Utf8SequenceLength(name);
    if (length == 0 || byte < 0x20 || byte == 0x7f) return false;
    name.remove_prefix(length);
  }
  return true;
}

std::string HashedId(std::string_view prefix, std::string_view contents) {
  constexpr std::string_view kDigits = "0123456789abcdefghjkmnpqrstvwxyz";
  const Sha256Digest digest = Sha256(contents);
  std::string id(prefix);
  for (std::size_t bit = 0; bit < kHashChars * kBitsPerChar; bit += kBitsPerChar) {
    const unsigned pair = static_cast<unsigned>(digest[bit / 8]) << 8 | digest[bit / 8 + 1];
    id += kDigits[pair >> (16 - kBitsPerChar - bit % 8) & 31];
  }
  return id;
}

// A workspace's id has no line break, so no two pairs have the same text.
std::string QuotaEntityId(std::string_view workspace_id, std::string_view name) {
  return HashedId("qe_", absl::StrCat(AbslView(workspace_id), "\n", AbslView(name)));
}

std::string QuotaBudgetId(std::string_view scope_id) { return HashedId("quo_", scope_id); }

std::string RunId(std::string_view workspace_id, std::string_view name) {
  return HashedId("run_", absl::StrCat(AbslView(workspace_id), "\n", AbslView(name)));
}

}  // namespace tollgate
