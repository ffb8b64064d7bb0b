#include "dataplane/surface/openai_responses/items.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/ids.h"
#include "base/string_views.h"
#include "dataplane/ir/data_url.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kGenerationPrefix = "gen_";

void WriteList(std::string_view name, std::string_view elements, JsonWriter& json) {
  json.Member(name).BeginArray();
  if (!elements.empty()) json.Raw(elements);
  json.EndArray();
}

}  // namespace

std::string ResponsesItemId(std::string_view prefix, std::string_view generation_id,
                            std::int64_t index) {
  if (generation_id.starts_with(kGenerationPrefix)) {
    generation_id.remove_prefix(kGenerationPrefix.size());
  }
  return absl::StrCat(AbslView(prefix), AbslView(generation_id), "_", index);
}

bool IsGatewayItemId(std::string_view id) {
  const std::size_t begin = id.find('_');
  const std::size_t end = id.rfind('_');
  if (begin == std::string_view::npos || end == begin) return false;
  const std::string_view index = id.substr(end + 1);
  return IsValidUlid(id.substr(begin + 1, end - begin - 1)) && !index.empty() &&
         std::all_of(index.begin(), index.end(), [](char c) { return c >= '0' && c <= '9'; });
}

void WriteOutputText(std::string_view text, std::string_view annotations, std::string_view logprobs,
                     JsonWriter& json) {
  json.BeginObject();
  json.Member("type").String("output_text");
  json.Member("text").String(text);
  WriteList("annotations", annotations, json);
  WriteList("logprobs", logprobs, json);
  json.EndObject();
}

void WriteOutputRefusal(std::string_view refusal, JsonWriter& json) {
  json.BeginObject();
  json.Member("type").String("refusal");
  json.Member("refusal").String(refusal);
  json.EndObject();
}

void WriteMessageItem(std::string_view id, std::string_view status, std::string_view content,
                      JsonWriter& json) {
  json.BeginObject();
  json.Member("id").String(id);
  json.Member("type").String("message");
  json.Member("status").String(status);
  json.Member("role").String("assistant");
  WriteList("content", content, json);
  json.EndObject();
}

void WriteCallItem(std::string_view id, std::string_view status, const ir::ToolCall& call,
                   JsonWriter& json) {
  json.BeginObject();
  json.Member("id").String(id);
  json.Member("type").String(call.custom ? "custom_tool_call" : "function_call");
  json.Member("status").String(status);
  json.Member("call_id").String(call.id);
  json.Member("name").String(call.name);
  json.Member(call.custom ? "input" : "arguments").String(call.arguments);
  json.EndObject();
}

void WriteReasoningItem(std::string_view id, std::string_view text, std::string_view sealed,
                        JsonWriter& json) {
  json.BeginObject();
  json.Member("id").String(id);
  json.Member("type").String("reasoning");
  json.Member("summary").BeginArray();
  if (!text.empty()) {
    json.BeginObject();
    json.Member("type").String("summary_text");
    json.Member("text").String(text);
    json.EndObject();
  }
  json.EndArray();
  if (!sealed.empty()) json.Member("encrypted_content").String(sealed);
  json.EndObject();
}

void WriteImageItem(std::string_view id, std::string_view status, const ir::Media& media,
                    JsonWriter& json) {
  json.BeginObject();
  json.Member("id").String(id);
  json.Member("type").String("image_generation_call");
  json.Member("status").String(status);
  json.Member("result");
  if (media.base64.empty()) {
    json.Null();
  } else {
    json.String(media.base64);
  }
  json.EndObject();
}

void WriteResponsesAnnotation(const ir::Citation& citation, JsonWriter& json) {
  if (citation.owner == ir::kOpenAiResponses && !citation.json.empty()) {
    json.Raw(citation.json);
    return;
  }
  json.BeginObject();
  json.Member("type").String("url_citation");
  json.Member("url").String(citation.url);
  json.Member("title").String(citation.title);
  json.Member("start_index").Integer(std::max<std::int64_t>(citation.begin, 0));
  json.Member("end_index").Integer(std::max<std::int64_t>(citation.end, 0));
  json.EndObject();
}

std::string_view ElementsOf(std::string_view array) {
  if (array.size() < 2 || array.front() != '[' || array.back() != ']') return {};
  const std::string_view elements = array.substr(1, array.size() - 2);
  return elements.find_first_not_of(" \t\r\n") == std::string_view::npos ? std::string_view()
                                                                         : elements;
}

}  // namespace tollgate::dataplane
