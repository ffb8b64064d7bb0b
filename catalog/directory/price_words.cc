#include "catalog/directory/price_words.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "catalog/price/price_text.h"

namespace tollgate::catalog {
namespace {

constexpr const char* kNone = "–";

std::string Dollars(std::string decimal) {
  const std::size_t point = decimal.find('.');
  if (point == std::string::npos) {
    decimal += ".00";
  } else if (decimal.size() - point == 2) {
    decimal += "0";
  }
  return "$" + decimal;
}

std::string_view ModalityWord(Modality modality) {
  switch (modality) {
    case Modality::kText:
      return "Text";
    case Modality::kImage:
      return "Image";
    case Modality::kAudio:
      return "Audio";
    case Modality::kVideo:
      return "Video";
    case Modality::kFile:
      return "Document";
    case Modality::kReasoning:
      return "Reasoning";
  }
  return "";
}

}  // namespace

std::string MoneyWords(std::optional<std::int64_t> pico_usd_per_token) {
  if (!pico_usd_per_token) return kNone;
  if (*pico_usd_per_token == 0) return "free";
  return Dollars(FormatUsdPerMillionUnits(*pico_usd_per_token));
}

std::string ComponentMoney(const PriceComponent& component) {
  if (component.price_pico_usd_per_unit == 0) return "free";
  return Dollars(FormatCustomary(component));
}

std::string ComponentPer(const PriceComponent& component) {
  switch (component.unit) {
    case Unit::kToken:
      return "per M tokens";
    case Unit::kImage:
      return "per image";
    case Unit::kMegapixel:
      return "per megapixel";
    case Unit::kSecond:
      return "per second";
    case Unit::kCharacter:
      return "per M characters";
    case Unit::kPage:
      return "per page";
    case Unit::kRequest:
      return "per request";
    case Unit::kSearch:
      return "per search";
  }
  return "";
}

std::string ComponentWhat(const PriceComponent& component) {
  if (component.unit == Unit::kRequest) return "Request";
  if (component.unit == Unit::kSearch) return "Web search";
  if (component.modality == Modality::kReasoning) return "Reasoning";
  const bool text = component.modality == Modality::kText;
  const std::string kind =
      text ? "" : absl::StrCat(std::string(ModalityWord(component.modality)), " ");
  const bool input = component.direction == Direction::kInput;
  std::string what = absl::StrCat(kind, input ? "input" : "output");
  switch (component.cache) {
    case CacheClass::kNone:
      break;
    case CacheClass::kRead:
      what += ", cached";
      break;
    case CacheClass::kWrite5m:
      what += ", written to the cache (5 min)";
      break;
    case CacheClass::kWrite1h:
      what += ", written to the cache (1 h)";
      break;
  }
  return Capitalized(what);
}

std::string ComponentWhen(const PriceComponent& component) {
  std::vector<std::string> conditions;
  if (component.tier != ServiceTier::kStandard) {
    conditions.push_back(absl::StrCat(std::string(ServiceTierName(component.tier)), " tier"));
  }
  if (component.context_threshold_tokens > 0) {
    conditions.push_back(
        absl::StrCat("above ", TokensWords(component.context_threshold_tokens), " input tokens"));
  }
  if (!component.variant.empty()) conditions.push_back(component.variant);
  if (!component.region.empty()) conditions.push_back("region " + component.region);
  if (component.utc_start_minute != component.utc_end_minute) {
    conditions.push_back(absl::StrFormat(
        "%02d:%02d–%02d:%02d UTC", component.utc_start_minute / 60, component.utc_start_minute % 60,
        component.utc_end_minute / 60, component.utc_end_minute % 60));
  }
  return conditions.empty() ? "always" : absl::StrJoin(conditions, ", ");
}

std::string TokensWords(std::int64_t tokens) {
  constexpr std::int64_t kThousand = 1000;
  constexpr std::int64_t kMillion = kThousand * kThousand;
  if (tokens <= 0) return kNone;
  if (tokens < kThousand) return absl::StrCat(tokens);
  if (tokens < kMillion) return absl::StrCat((tokens + kThousand / 2) / kThousand, "K");
  const std::int64_t hundredths = (tokens + kMillion / 200) / (kMillion / 100);
  std::string text = absl::StrFormat("%d.%02d", hundredths / 100, hundredths % 100);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text + "M";
}

std::string Capitalized(std::string_view word) {
  std::string text(word);
  std::replace(text.begin(), text.end(), '_', ' ');
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

std::string_view FormatWords(Format format) {
  switch (format) {
    case Format::kUnspecified:
      return "";
    case Format::kOpenaiChat:
      return "OpenAI chat";
    case Format::kOpenaiResponses:
      return "OpenAI responses";
    case Format::kAnthropic:
      return "Anthropic messages";
    case Format::kGemini:
      return "Gemini";
  }
  return "";
}

}  // namespace tollgate::catalog
