// What a model is for, when the source does not say.
#ifndef TOLLGATE_CATALOG_IMPORT_MODEL_TYPE_H_
#define TOLLGATE_CATALOG_IMPORT_MODEL_TYPE_H_

#include <string>
#include <string_view>

#include "catalog/model/facts.h"

namespace tollgate::catalog {

// One of ModelTypes(), from the id and from what the model reads and writes: a name with "embed" or
// a well-known family of embedding models, "rerank" or "moderation" decides; else an output without
// text (image, video, audio); else text from nothing but audio is "transcription"; else "language".
std::string GuessModelType(std::string_view id, const Model& model);

// The type of LiteLLM's `mode`; empty for one that the catalog has no type for.
std::string ModelTypeOfMode(std::string_view mode);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_MODEL_TYPE_H_
