#include "dataplane/surface/openai_responses/sealed_thought.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/signature.h"

namespace tollgate::dataplane {
namespace {

// In front of the text, so that the kinds are told apart.
constexpr std::size_t kMarkBytes = 2;
constexpr std::string_view kSignatureMark = "s/";
constexpr std::string_view kRedactedMark = "r/";
constexpr std::string_view kPartMark = "p/";

}  // namespace

SealedThought SealOf(const ir::Reasoning& reasoning, const ir::Signature& signature) {
  SealedThought thought{SealedThought::Kind::kSignature, signature, reasoning.redacted};
  if (!reasoning.redacted.empty()) thought.kind = SealedThought::Kind::kRedacted;
  return thought;
}

std::string ShowSealed(const SealedThought& thought) {
  const bool redacted = thought.kind == SealedThought::Kind::kRedacted;
  const std::string_view value = redacted ? thought.redacted : thought.signature.value;
  if (value.empty()) return {};
  if (redacted && thought.signature.maker == ir::kFamilyOpenAi) return std::string(value);
  const std::string_view mark = redacted                                       ? kRedactedMark
                                : thought.kind == SealedThought::Kind::kOfPart ? kPartMark
                                                                               : kSignatureMark;
  const std::string text = absl::StrCat(AbslView(mark), AbslView(value));
  // Nobody's: not to be taken for OpenAI's.
  const std::string_view maker =
      thought.signature.maker.empty() ? "unknown" : thought.signature.maker;
  return ir::ShowSignature({maker, text}, ir::kFamilyOpenAi);
}

SealedThought ReadSealed(std::string_view shown) {
  SealedThought thought;
  thought.signature = ir::ReadSignature(shown, ir::kFamilyOpenAi);
  const std::string_view text = thought.signature.value;
  if (thought.signature.maker == ir::kFamilyOpenAi) {
    thought.kind = SealedThought::Kind::kRedacted;
    thought.redacted = text;
    thought.signature.value = {};
    return thought;
  }
  const std::string_view value = text.substr(std::min(kMarkBytes, text.size()));
  thought.signature.value = value;
  if (text.starts_with(kRedactedMark)) {
    thought.kind = SealedThought::Kind::kRedacted;
    thought.redacted = value;
    thought.signature.value = {};
  } else if (text.starts_with(kPartMark)) {
    thought.kind = SealedThought::Kind::kOfPart;
  }
  return thought;
}

}  // namespace tollgate::dataplane
