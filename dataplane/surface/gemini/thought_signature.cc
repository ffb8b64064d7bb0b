#include "dataplane/surface/gemini/thought_signature.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/signature.h"

namespace tollgate::dataplane {
namespace {

// In front of the maker's text, so that the kinds are told apart: "s/…", "r/<id>/…".
constexpr std::string_view kSignatureMark = "s/";
constexpr std::string_view kRedactedMark = "r/";

}  // namespace

std::string_view StandardBase64(std::string_view text, TextArena& arena) {
  const bool standard = text.size() % 4 == 0 && text.find_first_of("-_") == std::string_view::npos;
  if (standard) return text;
  std::string mended(text);
  std::replace(mended.begin(), mended.end(), '-', '+');
  std::replace(mended.begin(), mended.end(), '_', '/');
  while (mended.size() % 4 != 0) mended += '=';
  return arena.Keep(std::move(mended));
}

std::string ShowThoughtSignature(const ThoughtSignature& shown) {
  const ir::Signature& signature = shown.signature;
  if (signature.maker == ir::kFamilyGoogle) return std::string(signature.value);
  const std::string text =
      shown.redacted.empty() && shown.id.empty()
          ? absl::StrCat(AbslView(kSignatureMark), AbslView(signature.value))
          : absl::StrCat(AbslView(kRedactedMark), AbslView(shown.id), "/",
                         AbslView(shown.redacted.empty() ? signature.value : shown.redacted));
  // ir::ShowSignature() leaves out an unknown maker, who must be told from Google all the same.
  const std::string tagged = signature.maker.empty()
                                 ? absl::StrCat("tollgate..", text)
                                 : ir::ShowSignature({signature.maker, text}, ir::kFamilyGoogle);
  std::string encoded;
  absl::Base64Escape(tagged, &encoded);
  return encoded;
}

ThoughtSignature ReadThoughtSignature(std::string_view text, TextArena& arena) {
  ThoughtSignature read;
  read.signature = {ir::kFamilyGoogle, StandardBase64(text, arena)};
  std::string decoded;
  if (!text.starts_with(kForeignThoughtPrefix) ||
      !absl::Base64Unescape(AbslView(read.signature.value), &decoded)) {
    return read;
  }
  read.signature = ir::ReadSignature(arena.Keep(std::move(decoded)), ir::kFamilyGoogle);
  std::string_view value = read.signature.value;
  if (value.starts_with(kRedactedMark)) {
    value.remove_prefix(kRedactedMark.size());
    const std::size_t slash = value.find('/');
    read.id = value.substr(0, slash);
    read.redacted = slash == std::string_view::npos ? std::string_view() : value.substr(slash + 1);
    read.signature.value = {};
  } else {
    read.signature.value = value.substr(std::min(kSignatureMark.size(), value.size()));
  }
  return read;
}

}  // namespace tollgate::dataplane
