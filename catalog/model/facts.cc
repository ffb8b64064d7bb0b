#include "catalog/model/facts.h"

namespace tollgate::catalog {

std::string_view FormatName(Format format) {
  switch (format) {
    case Format::kUnspecified:
      return "";
    case Format::kOpenaiChat:
      return "openai_chat";
    case Format::kOpenaiResponses:
      return "openai_responses";
    case Format::kAnthropic:
      return "anthropic";
    case Format::kGemini:
      return "gemini";
  }
  return "";
}

const std::vector<std::string>& ModelTypes() {
  static const auto& types = *new std::vector<std::string>{
      "language", "embedding", "image", "speech", "transcription", "rerank", "video", "moderation"};
  return types;
}

const std::vector<std::string>& Modalities() {
  static const auto& modalities =
      *new std::vector<std::string>{"text", "image", "audio", "video", "pdf"};
  return modalities;
}

const std::vector<std::string>& Capabilities() {
  static const auto& capabilities = *new std::vector<std::string>{
      "tools", "reasoning", "structured_output", "attachments", "temperature", "open_weights"};
  return capabilities;
}

std::string OfferingId(std::string_view provider_id, std::string_view model_id,
                       std::string_view region) {
  std::string id;
  id.append(provider_id).append(":").append(model_id);
  if (!region.empty()) id.append("@").append(region);
  return id;
}

}  // namespace tollgate::catalog
