#include "dataplane/surface/openai_responses/answer.h"

#include <utility>

#include "base/json_text.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/json/document.h"
#include "dataplane/surface/openai_chat/answer.h"
#include "dataplane/surface/openai_responses/items.h"
#include "dataplane/surface/openai_responses/sealed_thought.h"

namespace tollgate::dataplane {
namespace {

void WriteUsage(const AnswerCost& cost, JsonWriter& json) {
  const ir::Usage& usage = cost.usage;
  json.BeginObject();
  json.Member("input_tokens").Integer(usage.input());
  json.Member("input_tokens_details").BeginObject();
  json.Member("cached_tokens").Integer(usage.cached());
  json.Member("cache_write_tokens").Integer(usage.cache_write());
  json.EndObject();
  json.Member("output_tokens").Integer(usage.output());
  json.Member("output_tokens_details").BeginObject();
  json.Member("reasoning_tokens").Integer(usage.tokens.output_reasoning);
  json.EndObject();
  json.Member("total_tokens").Integer(usage.input() + usage.output());
  json.Member("cost").Raw(cost.charge.ToUsdString());
  json.Member("is_byok").Bool(cost.byok);
  json.Member("market_cost").Raw(cost.market_cost.ToUsdString());
  json.EndObject();
}

void WriteMetadata(std::string_view name, const AnswerContext& context, const AnswerCost& cost,
                   JsonWriter& json) {
  json.Member(name).BeginObject();
  json.Member("gateway").BeginObject();
  json.Member("generationId").String(context.generation_id);
  json.Member("cost").String(cost.charge.ToUsdString());
  json.Member("marketCost").String(cost.market_cost.ToUsdString());
  json.Member("provider").String(context.provider_id);
  json.EndObject();
  json.EndObject();
}

void WriteOptionalText(std::string_view name, std::string_view text, JsonWriter& json) {
  json.Member(name);
  if (text.empty()) {
    json.Null();
  } else {
    json.String(text);
  }
}

void WriteError(const GatewayError& error, JsonWriter& json) {
  json.BeginObject();
  json.Member("code").String("server_error");
  json.Member("message").String(error.text());
  json.EndObject();
}

// What stands in every response alike: this surface repeats no request, but for what a provider
// keeps of it.
void WriteFixedMembers(const ResponsesObject& object, JsonWriter& json) {
  const AnswerContext* context = object.context;
  const bool kept = context != nullptr && !context->kept_name.empty();
  json.Member("instructions").Null();
  json.Member("max_tool_calls").Null();
  WriteOptionalText("previous_response_id",
                    kept ? context->scan->kept_response : std::string_view(), json);
  for (const std::string_view name : {"prompt_cache_key", "temperature", "top_p", "user"}) {
    json.Member(name).Null();
  }
  json.Member("background").Bool(false);
  json.Member("max_output_tokens");
  if (object.output_limit > 0) {
    json.Integer(object.output_limit);
  } else {
    json.Null();
  }
  json.Member("parallel_tool_calls").Bool(true);
  json.Member("reasoning").Raw(R"({"effort":null,"summary":null})");
  json.Member("store").Bool(kept);
  json.Member("text").Raw(R"({"format":{"type":"text"}})");
  json.Member("tool_choice").String("auto");
  json.Member("tools").Raw("[]");
  json.Member("truncation").String("disabled");
  json.Member("metadata").Raw("{}");
}

// Gathers the items of a whole answer.
class OutputWriter {
 public:
  explicit OutputWriter(const AnswerContext& context) : context_(context) {}

  std::string Run(const ir::Choice& choice) {
    JsonDocument logprobs;
    if (logprobs.Parse(choice.logprobs)) logprobs_ = ElementsOf(logprobs.root()["content"].raw());
    for (const ir::Part& part : choice.parts) Add(part);
    CloseMessage();
    return std::move(items_);
  }

 private:
  std::string NextId(std::string_view prefix) const {
    return ResponsesItemId(prefix, context_.generation_id, count_);
  }

  template <typename Write>
  void AddItem(Write write) {
    if (count_++ > 0) items_ += ',';
    JsonWriter json(items_);
    write(json);
  }

  template <typename Write>
  void AddContent(Write write) {
    if (!content_.empty()) content_ += ',';
    JsonWriter json(content_);
    write(json);
  }

  void CloseMessage() {
    if (content_.empty()) return;
    const std::string id = NextId("msg_");
    AddItem([&](JsonWriter& json) { WriteMessageItem(id, kItemCompleted, content_, json); });
    content_.clear();
  }

  void AddText(const ir::Text& text) {
    std::string annotations;
    for (const ir::Citation& citation : text.citations) {
      if (!annotations.empty()) annotations += ',';
      JsonWriter json(annotations);
      WriteResponsesAnnotation(citation, json);
    }
    const std::string_view logprobs = std::exchange(logprobs_, {});
    AddContent([&](JsonWriter& json) { WriteOutputText(text.text, annotations, logprobs, json); });
  }

  void Add(const ir::Part& part) {
    if (const auto* text = part.As<ir::Text>()) {
      AddText(*text);
    } else if (const auto* refusal = part.As<ir::Refusal>()) {
      AddContent([&](JsonWriter& json) { WriteOutputRefusal(refusal->text, json); });
    } else if (const auto* media = part.As<ir::Media>();
               media != nullptr && media->base64.empty()) {
      AddText({.text = ir::UrlOf(*media), .citations = {}});
    } else {
      CloseMessage();
      AddWholeItem(part);
    }
    if (part.signature.present() && part.As<ir::Reasoning>() == nullptr) AddSealOf(part.signature);
  }

  void AddWholeItem(const ir::Part& part) {
    if (const auto* call = part.As<ir::ToolCall>()) {
      const std::string id = NextId("fc_");
      AddItem([&](JsonWriter& json) { WriteCallItem(id, kItemCompleted, *call, json); });
    } else if (const auto* reasoning = part.As<ir::Reasoning>()) {
      AddReasoning(*reasoning, part.signature);
    } else if (const auto* media = part.As<ir::Media>()) {
      const std::string id = NextId("ig_");
      AddItem([&](JsonWriter& json) { WriteImageItem(id, kItemCompleted, *media, json); });
    } else if (const auto* opaque = part.As<ir::Opaque>();
               opaque != nullptr && opaque->owner == ir::kOpenAiResponses) {
      AddItem([&](JsonWriter& json) { json.Raw(opaque->json); });
    }
  }

  void AddReasoning(const ir::Reasoning& reasoning, const ir::Signature& signature) {
    const std::string sealed = ShowSealed(SealOf(reasoning, signature));
    const std::string_view text = context_.hide_reasoning ? std::string_view() : reasoning.text;
    if (text.empty() && sealed.empty()) return;
    const bool own = signature.maker == ir::kFamilyOpenAi && !reasoning.id.empty();
    const std::string id = own ? std::string(reasoning.id) : NextId("rs_");
    AddItem([&](JsonWriter& json) { WriteReasoningItem(id, text, sealed, json); });
  }

  // What the maker signed of a call or a text, behind it.
  void AddSealOf(const ir::Signature& signature) {
    CloseMessage();
    const std::string sealed = ShowSealed({SealedThought::Kind::kOfPart, signature, {}});
    const std::string id = NextId("rs_");
    AddItem([&](JsonWriter& json) { WriteReasoningItem(id, {}, sealed, json); });
  }

  const AnswerContext& context_;
  std::string items_;
  std::int64_t count_ = 0;
  std::string content_;  // Of the message that is not closed yet.
  std::string_view logprobs_;
};

}  // namespace

void WriteResponsesObject(const ResponsesObject& object, JsonWriter& json) {
  json.BeginObject();
  json.Member("id").String(object.id);
  json.Member("object").String("response");
  json.Member("created_at").Integer(object.created);
  json.Member("status").String(object.status);
  json.Member("error");
  if (object.error != nullptr) {
    WriteError(*object.error, json);
  } else {
    json.Null();
  }
  json.Member("incomplete_details");
  if (object.incomplete_reason.empty()) {
    json.Null();
  } else {
    json.BeginObject();
    json.Member("reason").String(object.incomplete_reason);
    json.EndObject();
  }
  json.Member("model").String(object.model);
  json.Member("output").BeginArray();
  if (!object.output.empty()) json.Raw(object.output);
  json.EndArray();
  WriteFixedMembers(object, json);
  WriteOptionalText("service_tier", object.service_tier, json);
  json.Member("usage");
  if (object.cost == nullptr) {
    json.Null();
  } else {
    WriteUsage(*object.cost, json);
    if (object.cost->stopped != nullptr) {
      WriteStopped(*object.cost->stopped, object.generation_id, json);
    }
    if (object.context != nullptr) {
      // Clients of the gateway look for either spelling.
      WriteMetadata("provider_metadata", *object.context, *object.cost, json);
      WriteMetadata("providerMetadata", *object.context, *object.cost, json);
      WriteChatWarnings(object.context->warnings, json);
    }
  }
  json.EndObject();
}

ResponsesObject ResponsesObjectOf(const AnswerContext& context) {
  return {.id = context.kept_name.empty() ? context.generation_id : context.kept_name,
          .model = context.requested_model,
          .created = absl::ToUnixSeconds(context.created),
          .status = kItemInProgress,
          .output_limit = context.scan->output_limit,
          .generation_id = context.generation_id,
          .context = &context};
}

void FinishResponsesObject(ir::FinishReason finish, ResponsesObject& object) {
  switch (finish) {
    case ir::FinishReason::kLength:
    case ir::FinishReason::kContextWindow:
      object.incomplete_reason = "max_output_tokens";
      break;
    case ir::FinishReason::kContentFilter:
    case ir::FinishReason::kRefusal:
      object.incomplete_reason = "content_filter";
      break;
    default:
      break;
  }
  object.status = object.incomplete_reason.empty() ? "completed" : "incomplete";
}

void WriteResponsesAnswer(const ir::Response& response, const AnswerContext& context,
                          const AnswerCost& cost, std::string& out) {
  ResponsesObject object = ResponsesObjectOf(context);
  std::string output;
  if (!response.choices.empty()) output = OutputWriter(context).Run(response.choices.front());
  object.output = output;
  object.service_tier = response.service_tier;
  object.cost = &cost;
  FinishResponsesObject(
      response.choices.empty() ? ir::FinishReason::kUnknown : response.choices.front().finish,
      object);
  JsonWriter json(out);
  WriteResponsesObject(object, json);
}

}  // namespace tollgate::dataplane
