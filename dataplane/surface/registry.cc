// The one table of surfaces: one line each.
#include <array>

#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

std::span<const Surface* const> Surfaces() {
  static const std::array kSurfaces = {
      &OpenAiChatSurface(),
      &OpenAiResponsesSurface(),
      &OpenAiCompletionsSurface(),
      &AnthropicMessagesSurface(),
      &GeminiSurface(),
      &OpenRouterSurface(),
      &AiSdkGatewaySurface(),
  };
  return kSurfaces;
}

}  // namespace tollgate::dataplane
