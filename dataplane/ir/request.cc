#include "dataplane/ir/request.h"

namespace tollgate::dataplane::ir {

void Request::Reset() {
  arena.Reset();
  stream = false;
  messages.clear();
  tools.clear();
  tool_choice = ToolChoice();
  parallel_tool_calls.reset();
  response_format = ResponseFormat();
  reasoning = ReasoningSettings();
  settings = Settings();
  auto_caching = false;
  extras.clear();
}

}  // namespace tollgate::dataplane::ir
