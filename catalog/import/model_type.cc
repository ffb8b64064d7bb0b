#include "catalog/import/model_type.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

namespace tollgate::catalog {
namespace {

bool Has(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

std::string GuessModelType(std::string_view id, const Model& model) {
  const std::string path = absl::AsciiStrToLower(std::string(id));
  const std::string name = path.substr(path.rfind('/') + 1);
  if (absl::StrContains(name, "rerank")) return "rerank";
  for (const char* word : {"embed", "bge-", "gte-", "e5-", "minilm", "mini-lm", "mpnet"}) {
    if (absl::StrContains(name, word)) return "embedding";
  }
  if (absl::StrContains(name, "moderation")) return "moderation";
  if (absl::StrContains(name, "whisper")) return "transcription";
  if (!model.output_modalities.empty() && !Has(model.output_modalities, "text")) {
    if (Has(model.output_modalities, "video")) return "video";
    if (Has(model.output_modalities, "image")) return "image";
    if (Has(model.output_modalities, "audio")) return "speech";
  }
  const bool only_audio = model.input_modalities == std::vector<std::string>{"audio"};
  if (only_audio && Has(model.output_modalities, "text")) return "transcription";
  return "language";
}

std::string ModelTypeOfMode(std::string_view mode) {
  if (mode == "chat" || mode == "responses") return "language";
  if (mode == "embedding") return "embedding";
  if (mode == "image_generation" || mode == "image_edit") return "image";
  if (mode == "audio_transcription") return "transcription";
  if (mode == "audio_speech") return "speech";
  if (mode == "rerank") return "rerank";
  if (mode == "moderation") return "moderation";
  if (mode == "video_generation") return "video";
  return "";
}

}  // namespace tollgate::catalog
