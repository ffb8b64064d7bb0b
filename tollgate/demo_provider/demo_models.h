// What the demo provider sells: a few pretend models with real prices.
//
// The same table prices the provider's own books (books.h) and fills the catalog's facts
// (tollgate/standalone/demo_catalog.h), so that ledger and books can be compared to the
// nano-dollar.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_DEMO_MODELS_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_DEMO_MODELS_H_

#include <cstdint>
#include <string>
#include <vector>

namespace tollgate {

// Prices in 10^-12 US dollars per token (or per request); never negative.  A price of one dollar
// per million tokens is 1,000,000.
struct DemoPrices {
  std::int64_t input_pico_usd = 0;
  std::int64_t cache_read_pico_usd = 0;
  std::int64_t output_pico_usd = 0;
  std::int64_t reasoning_pico_usd = 0;
  std::int64_t request_pico_usd = 0;
  // Classes that no demo model has.
  std::int64_t cache_write_5m_pico_usd = 0;
  std::int64_t cache_write_1h_pico_usd = 0;
  std::int64_t input_audio_pico_usd = 0;
  std::int64_t output_audio_pico_usd = 0;
};

// One model, by the name under which the provider sells it.
struct DemoModel {
  std::string id;
  std::string display_name;
  DemoPrices prices;
  bool reasons = false;  // Thinks before it answers and reports reasoning tokens.
  bool caches = false;   // Reports half of each prompt as read from its cache.
};

// Limits that the provider keeps for each of its models.
inline constexpr std::int64_t kDemoContextTokensMax = 128'000;
inline constexpr std::int64_t kDemoOutputTokensMax = 16'384;

// demo/chat, demo/fast, demo/reasoner, demo/cached and demo/per-request ($0.10 a request).
std::vector<DemoModel> DemoModels();

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_DEMO_MODELS_H_
