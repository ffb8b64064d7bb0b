#include <map>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "tests/support/fake_provider/wire/ask.h"

namespace tollgate::wire {

absl::StatusOr<WireModel> ParseWireModel(const std::string& text) {
  const std::size_t mark = text.rfind('=');
  if (mark == std::string::npos) return absl::InvalidArgumentError("a model is ID=class:price,…");
  std::map<std::string, std::int64_t> prices;
  for (const auto part : absl::StrSplit(text.substr(mark + 1), ',')) {
    const std::pair<std::string, std::string> pair = absl::StrSplit(part, ':');
    if (!absl::SimpleAtoi(pair.second, &prices[pair.first])) {
      return absl::InvalidArgumentError(absl::StrCat("'", part, "' is not class:price"));
    }
  }
  const auto take = [&prices](const char* name, std::int64_t fallback) {
    const auto found = prices.extract(name);
    return found.empty() ? fallback : found.mapped();
  };
  WireModel model;
  model.id = text.substr(0, mark);
  model.cache_writes_priced = prices.count("cache_write_5m") > 0;
  DemoPrices& sold = model.prices;
  sold.input_pico_usd = take("input", 0);
  sold.output_pico_usd = take("output", 0);
  sold.cache_read_pico_usd = take("cache_read", sold.input_pico_usd);
  sold.cache_write_5m_pico_usd = take("cache_write_5m", sold.input_pico_usd);
  sold.cache_write_1h_pico_usd = take("cache_write_1h", sold.input_pico_usd);
  sold.reasoning_pico_usd = take("reasoning", sold.output_pico_usd);
  sold.input_audio_pico_usd = take("input_audio", sold.input_pico_usd);
  sold.output_audio_pico_usd = take("output_audio", sold.output_pico_usd);
  sold.request_pico_usd = take("request", 0);
  if (!prices.empty()) {
    return absl::InvalidArgumentError(absl::StrCat("no class '", prices.begin()->first, "'"));
  }
  return model;
}

}  // namespace tollgate::wire
