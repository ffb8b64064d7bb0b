// `providerMetadata.gateway`: who was tried, what it cost, and which generation it was, by the
// names that Vercel's gateway gives them.
#ifndef TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_METADATA_H_
#define TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_METADATA_H_

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/json/writer.h"
#include "dataplane/surface/answer.h"

namespace tollgate::dataplane {

// Parts of an answer that the AI SDK has no shape for, by their types; each once.
class LeftOutParts {
 public:
  void Add(std::string_view type);
  const std::vector<std::string>& types() const { return types_; }

 private:
  std::vector<std::string> types_;
};

// What models say of their text besides, where their families' own packages have it.
class FamilyMetadata {
 public:
  // What Google's models say, by its name: `groundingMetadata` and others.  What another owner says
  // is passed over.  A later text takes the place of the former.
  void Keep(std::string_view owner, std::string_view name, std::string_view json);
  // Logprobs, as OpenAI's entries: a JSON array.
  void AddLogprobs(std::string_view entries);
  // Writes the members `google` and `openai` of an open object, those in which there is something.
  void Write(JsonWriter& json) const;

 private:
  std::map<std::string, std::string, std::less<>> google_;
  std::string logprobs_;  // Entries, with commas between them.
};

// Writes the member `gateway` of an open object.  Costs are exact decimals of USD, as strings.
// `warnings` says what was left out; not there for nothing.
void WriteGatewayMetadata(const AnswerContext& context, const AnswerCost& cost,
                          const LeftOutParts& left_out, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_AI_SDK_GATEWAY_METADATA_H_
