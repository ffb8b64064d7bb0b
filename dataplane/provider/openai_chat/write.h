// Writes a translated request as chat completions.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_WRITE_H_
#define TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_WRITE_H_

#include <string>

#include "dataplane/ir/omission.h"
#include "dataplane/ir/request.h"
#include "dataplane/json/writer.h"
#include "dataplane/provider/format.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// The output limit's name: the provider's quirk, else "max_tokens", of OpenAI and Azure
// "max_completion_tokens".
std::string_view OutputLimitField(const Provider& provider);

// Appends the body.
void WriteChatRequest(const ir::Request& request, const Provider& provider,
                      const SendDecision& decision, ir::Omissions& omissions, std::string& out);

// Writes the value of `messages`.
void WriteChatMessages(const ir::Request& request, const Provider& provider,
                       ir::Omissions& omissions, JsonWriter& json);

// Writes `cache_control` into the open object, where the provider knows it; else says that it does
// not.
void WriteChatCacheMark(const std::optional<ir::CacheMark>& mark, const Provider& provider,
                        ir::Omissions& omissions, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_OPENAI_CHAT_WRITE_H_
