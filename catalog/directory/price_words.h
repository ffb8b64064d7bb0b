// Prices and limits in words for people.
#ifndef TOLLGATE_CATALOG_DIRECTORY_PRICE_WORDS_H_
#define TOLLGATE_CATALOG_DIRECTORY_PRICE_WORDS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/pricing.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// "$0.075": exact, with at least two decimals; "free" for 0; "–" for none.
std::string MoneyWords(std::optional<std::int64_t> pico_usd_per_token);

// The price of a component as people state it ("$0.04"), and of what it is ("per image").
std::string ComponentMoney(const PriceComponent& component);
std::string ComponentPer(const PriceComponent& component);

// "Cached input", "Reasoning", "Images out"; "batch, above 200K input tokens, 1024x1024".
std::string ComponentWhat(const PriceComponent& component);
std::string ComponentWhen(const PriceComponent& component);

// 128000 → "128K", 1048576 → "1.05M"; "–" for 0.
std::string TokensWords(std::int64_t tokens);

// "language" → "Language"; "structured_output" → "Structured output".
std::string Capitalized(std::string_view word);

// "OpenAI chat", "Anthropic messages" …
std::string_view FormatWords(Format format);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_DIRECTORY_PRICE_WORDS_H_
