#include "dataplane/surface/anthropic_messages/signed_block.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/signature.h"

namespace tollgate::dataplane {
namespace {

// In front of the text, so that the kinds are told apart: "s/…", "r/<id>/…", "p/…".
constexpr std::string_view kSignatureMark = "s/";
constexpr std::string_view kRedactedMark = "r/";
constexpr std::string_view kPartMark = "p/";

}  // namespace

std::string ShowSigned(const SignedBlock& block) {
  const bool redacted = block.kind == SignedBlock::Kind::kRedacted;
  if (block.signature.maker == ir::kFamilyAnthropic) {
    return std::string(redacted ? block.redacted : block.signature.value);
  }
  if (block.signature.maker.empty() && block.redacted.empty()) return {};  // Nobody signed it.
  std::string text;
  if (redacted) {
    text = absl::StrCat(AbslView(kRedactedMark), AbslView(block.id), "/", AbslView(block.redacted));
  } else {
    text = absl::StrCat(
        AbslView(block.kind == SignedBlock::Kind::kOfPart ? kPartMark : kSignatureMark),
        AbslView(block.signature.value));
  }
  return ir::ShowSignature({block.signature.maker, text}, ir::kFamilyAnthropic);
}

SignedBlock ReadSigned(std::string_view shown, bool redacted_thinking) {
  SignedBlock block;
  if (shown.empty()) return block;
  block.signature = ir::ReadSignature(shown, ir::kFamilyAnthropic);
  std::string_view text = block.signature.value;
  if (block.signature.maker == ir::kFamilyAnthropic) {
    if (redacted_thinking) {
      block.kind = SignedBlock::Kind::kRedacted;
      block.redacted = text;
      block.signature.value = {};
    }
    return block;
  }
  if (text.starts_with(kRedactedMark)) {
    text.remove_prefix(kRedactedMark.size());
    const std::size_t slash = text.find('/');
    block.kind = SignedBlock::Kind::kRedacted;
    block.id = text.substr(0, slash);
    if (slash != std::string_view::npos) block.redacted = text.substr(slash + 1);
    block.signature.value = {};
  } else {
    if (text.starts_with(kPartMark)) block.kind = SignedBlock::Kind::kOfPart;
    block.signature.value = text.substr(std::min(kSignatureMark.size(), text.size()));
  }
  return block;
}

}  // namespace tollgate::dataplane
