#include "dataplane/ir/omission.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"

namespace tollgate::dataplane::ir {
namespace {

// What formats call the conversation, whatever it is called by the caller.
constexpr std::string_view kMessages = "messages";

// How sentences name a format; a name that is not known stays as it is.
std::string_view TitleOf(std::string_view format) {
  if (format == kOpenAiChat) return "OpenAI's chat completions";
  if (format == kOpenAiResponses) return "OpenAI's responses";
  if (format == kAnthropicMessages) return "Anthropic's messages";
  if (format == kGemini) return "Gemini's generateContent";
  return format;
}

}  // namespace

Omissions::Omissions(std::string_view format) : format_(TitleOf(format)) {}

void Omissions::Add(Warning::Kind kind, std::string_view feature, std::string details) {
  for (const Warning& warning : warnings_) {
    if (warning.feature == feature && warning.kind == kind) return;
  }
  warnings_.push_back({kind, std::string(feature), std::move(details)});
}

void Omissions::LeftOut(std::string_view feature, std::string_view details) {
  Add(Warning::Kind::kUnsupported, feature,
      details.empty() ? absl::StrCat("`", AbslView(feature), "` was left out: ", AbslView(format_),
                                     " cannot express it.")
                      : std::string(details));
}

void Omissions::Changed(std::string_view feature, std::string_view details) {
  Add(Warning::Kind::kCompatibility, feature, std::string(details));
}

void Omissions::Refuse(std::string_view param, std::string_view details) {
  if (refused_) return;
  refused_ = true;
  param_ = param == kMessages && !place_.empty() ? place_ : param;
  refusal_ = details.empty() ? absl::StrCat("`", AbslView(param),
                                            "` cannot be sent to this model: ", AbslView(format_),
                                            " cannot express it.")
                             : std::string(details);
}

bool IsFamily(std::string_view owner) {
  return owner != kOpenAiChat && owner != kOpenAiResponses && owner != kAnthropicMessages &&
         owner != kGemini && owner != kOfNoFormat;
}

void OmitExtras(const Extras& extras, std::initializer_list<std::string_view> kept,
                Omissions& omissions) {
  for (const Extra& extra : extras) {
    if (std::find(kept.begin(), kept.end(), extra.owner) != kept.end()) continue;
    if (extra.essential) {
      omissions.Refuse(extra.name);
    } else if (!IsFamily(extra.owner)) {
      omissions.LeftOut(extra.name);
    }
  }
}

}  // namespace tollgate::dataplane::ir
