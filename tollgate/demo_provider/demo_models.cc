#include "tollgate/demo_provider/demo_models.h"

namespace tollgate {

std::vector<DemoModel> DemoModels() {
  return {
      {.id = "demo/chat",
       .display_name = "Demo Chat",
       .prices = {.input_pico_usd = 2'500'000,
                  .cache_read_pico_usd = 1'250'000,
                  .output_pico_usd = 10'000'000,
                  .reasoning_pico_usd = 10'000'000}},
      {.id = "demo/fast",
       .display_name = "Demo Fast",
       .prices = {.input_pico_usd = 150'000,
                  .cache_read_pico_usd = 75'000,
                  .output_pico_usd = 600'000,
                  .reasoning_pico_usd = 600'000}},
      {.id = "demo/reasoner",
       .display_name = "Demo Reasoner",
       .prices = {.input_pico_usd = 1'000'000,
                  .cache_read_pico_usd = 250'000,
                  .output_pico_usd = 4'000'000,
                  .reasoning_pico_usd = 3'000'000},
       .reasons = true},
      {.id = "demo/cached",
       .display_name = "Demo Cached",
       .prices = {.input_pico_usd = 3'000'000,
                  .cache_read_pico_usd = 300'000,
                  .output_pico_usd = 15'000'000,
                  .reasoning_pico_usd = 15'000'000},
       .caches = true},
      {.id = "demo/per-request",
       .display_name = "Demo Per Request",
       .prices = {.request_pico_usd = 100'000'000'000}},
  };
}

}  // namespace tollgate
