#include "dataplane/ir/response.h"

namespace tollgate::dataplane::ir {

std::string_view FinishReasonWord(FinishReason reason) {
  switch (reason) {
    case FinishReason::kUnknown:
      return "";
    case FinishReason::kStop:
    case FinishReason::kStopSequence:
    case FinishReason::kPause:
      return "stop";
    case FinishReason::kLength:
    case FinishReason::kContextWindow:
      return "length";
    case FinishReason::kToolCalls:
      return "tool_calls";
    case FinishReason::kContentFilter:
    case FinishReason::kRefusal:
      return "content_filter";
    case FinishReason::kError:
    case FinishReason::kOther:
      return "error";
  }
  return "error";
}

void Response::Reset() {
  arena.Reset();
  id = model = service_tier = {};
  created = 0;
  choices.clear();
  usage = Usage();
  extras.clear();
}

}  // namespace tollgate::dataplane::ir
