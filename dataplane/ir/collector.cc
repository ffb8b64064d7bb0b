#include "dataplane/ir/collector.h"

#include <utility>

namespace tollgate::dataplane::ir {

std::string_view Collector::open_text(std::int32_t choice) const {
  const auto found = open_.find(choice);
  return found == open_.end() ? std::string_view() : std::string_view(found->second.text);
}

Choice& Collector::ChoiceOf(std::int32_t index) {
  for (Choice& choice : response_.choices) {
    if (choice.index == index) return choice;
  }
  Choice& choice = response_.choices.emplace_back();
  choice.index = index;
  return choice;
}

Citation Collector::CopyOf(const Citation& citation) {
  Citation copy = citation;
  for (std::string_view* text :
       {&copy.url, &copy.title, &copy.cited_text, &copy.owner, &copy.json}) {
    *text = Copy(*text);
  }
  return copy;
}

Media Collector::CopyOf(const Media& media) {
  Media copy = media;
  for (std::string_view* text :
       {&copy.media_type, &copy.url, &copy.base64, &copy.file_id, &copy.file_owner, &copy.text,
        &copy.filename, &copy.title, &copy.context, &copy.detail}) {
    *text = Copy(*text);
  }
  return copy;
}

void Collector::StartPart(const Event& event) {
  Part& part = ChoiceOf(event.choice).parts.emplace_back();
  open_[event.choice].text.clear();
  switch (event.part_type) {
    case PartType::kText:
      part.body = Text();
      break;
    case PartType::kMedia:
      part.body = Media();
      break;
    case PartType::kToolCall:
      part.body = ToolCall{.id = Copy(event.id),
                           .name = Copy(event.name),
                           .custom = event.custom,
                           .provider_executed = event.provider_executed};
      break;
    case PartType::kReasoning:
      part.body = Reasoning{.summary = event.summary, .id = Copy(event.id)};
      part.signature.maker = Copy(event.signature.maker);
      break;
    case PartType::kRefusal:
      part.body = Refusal();
      break;
    case PartType::kToolResult:
    case PartType::kOpaque:
      part.body = Opaque();
      break;
  }
}

void Collector::EndPart(const Event& event) {
  Choice& choice = ChoiceOf(event.choice);
  if (choice.parts.empty()) return;
  Part& part = choice.parts.back();
  const std::string_view text = Copy(open_[event.choice].text);
  if (auto* written = part.As<Text>()) written->text = text;
  if (auto* call = part.As<ToolCall>()) call->arguments = text;
  if (auto* reasoning = part.As<Reasoning>()) reasoning->text = text;
  if (auto* refusal = part.As<Refusal>()) refusal->text = text;
  open_[event.choice].text.clear();
}

void Collector::AddLogprobs(const Event& event) {
  // `[a]` and `[b,c]` are `[a,b,c]`.
  const std::size_t begin = event.json.find('[');
  const std::size_t end = event.json.rfind(']');
  if (begin == std::string_view::npos || end <= begin) return;
  const std::string_view entries = event.json.substr(begin + 1, end - begin - 1);
  if (entries.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
  std::string& all = open_[event.choice].logprobs;
  if (!all.empty()) all += ',';
  all += entries;
}

void Collector::Finish(const Event& event) {
  Choice& choice = ChoiceOf(event.choice);
  choice.finish = event.finish;
  choice.native_finish = Copy(event.native_finish);
  choice.stop_sequence = Copy(event.stop_sequence);
  const std::string& entries = open_[event.choice].logprobs;
  if (!entries.empty()) {
    choice.logprobs =
        response_.arena.Keep("{\"content\":[" + entries + "],\"refusal\":null}");
  }
}

void Collector::Add(const Event& event) {
  switch (event.type) {
    case EventType::kStart:
      response_.id = Copy(event.id);
      response_.model = Copy(event.model);
      response_.created = event.created;
      response_.service_tier = Copy(event.service_tier);
      if (event.usage.present) response_.usage = event.usage;
      return;
    case EventType::kPartStart:
      return StartPart(event);
    case EventType::kDelta:
      open_[event.choice].text += event.text;
      return;
    case EventType::kSignature: {
      Choice& choice = ChoiceOf(event.choice);
      if (choice.parts.empty()) return;
      Part& part = choice.parts.back();
      part.signature = {Copy(event.signature.maker), Copy(event.signature.value)};
      if (auto* reasoning = part.As<Reasoning>()) reasoning->redacted = Copy(event.redacted);
      return;
    }
    case EventType::kCitation: {
      Choice& choice = ChoiceOf(event.choice);
      Text* text = choice.parts.empty() ? nullptr : choice.parts.back().As<Text>();
      if (text != nullptr) text->citations.push_back(CopyOf(*event.citation));
      return;
    }
    case EventType::kMedia: {
      Choice& choice = ChoiceOf(event.choice);
      if (!choice.parts.empty()) choice.parts.back().body = CopyOf(*event.media);
      return;
    }
    case EventType::kLogprobs:
      return AddLogprobs(event);
    case EventType::kPartEnd:
      return EndPart(event);
    case EventType::kFinish:
      return Finish(event);
    case EventType::kUsage:
      response_.usage = event.usage;
      return;
    case EventType::kOpaque: {
      Choice& choice = ChoiceOf(event.choice);
      if (event.part_type != PartType::kOpaque || choice.parts.empty()) return;
      choice.parts.back().body = Opaque{Copy(event.owner), Copy(event.text), Copy(event.json)};
      return;
    }
    case EventType::kEnd:
    case EventType::kError:
      return;
  }
}

}  // namespace tollgate::dataplane::ir
