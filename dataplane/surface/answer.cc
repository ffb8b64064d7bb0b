#include "dataplane/surface/answer.h"

namespace tollgate::dataplane {

void WriteStopped(const GatewayError& why, std::string_view generation_id, JsonWriter& json) {
  json.Member("tollgate").BeginObject();
  json.Member("stop_reason").String(RowOf(why.code).name);
  json.Member("message").String(why.text());
  json.Member("generation_id").String(generation_id);
  json.EndObject();
}

}  // namespace tollgate::dataplane
