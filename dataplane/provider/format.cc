#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

const ProviderFormat* FormatOf(WireFormat format) {
  switch (format) {
    case WireFormat::kOpenAiChat:
      return &OpenAiChatFormat();
    case WireFormat::kOpenAiResponses:
    case WireFormat::kAnthropic:
    case WireFormat::kGemini:
      return nullptr;
  }
  return nullptr;
}

}  // namespace tollgate::dataplane
