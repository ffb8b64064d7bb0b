// Writes a translated request as Anthropic's messages.
// Source: https://docs.claude.com/en/api/messages.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_ANTHROPIC_WRITE_H_
#define TOLLGATE_DATAPLANE_PROVIDER_ANTHROPIC_WRITE_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/ir/omission.h"
#include "dataplane/ir/request.h"
#include "dataplane/json/writer.h"
#include "dataplane/provider/format.h"

namespace tollgate::dataplane {

// Appends the body, and to `header_lines` what it needs of these.
void WriteAnthropicRequest(const ir::Request& request, const SendDecision& decision,
                           ir::Omissions& omissions, WrittenRequest& out);

// Writes cache marks, of which a request may have four.
class AnthropicCacheMarks {
 public:
  explicit AnthropicCacheMarks(ir::Omissions& omissions) : omissions_(omissions) {}

  // Writes `cache_control` into the open object, if there is a mark and room for it.
  void Write(const std::optional<ir::CacheMark>& mark, JsonWriter& json);

 private:
  static constexpr int kMarksMax = 4;

  ir::Omissions& omissions_;
  int written_ = 0;
};

// The id of a call in the letters that the API takes: others become '_'.
std::string AnthropicCallId(std::string_view id);

// Whether every turn of the assistant that called tools begins with thoughts that the API knows as
// its own: without them it refuses to think on.
bool AnthropicThoughtsComplete(const std::vector<ir::Message>& messages);

// Writes the value of `system`, if there is any text for it, with its name; `extra` is one more
// text of ours, empty for none.
void WriteAnthropicSystem(const ir::Request& request, std::string_view extra,
                          ir::Omissions& omissions, AnthropicCacheMarks& marks, JsonWriter& json);

// Writes the value of `messages`.  True when a file that the provider keeps is in it.
bool WriteAnthropicMessages(const ir::Request& request, bool thinks, ir::Omissions& omissions,
                            AnthropicCacheMarks& marks, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_ANTHROPIC_WRITE_H_
