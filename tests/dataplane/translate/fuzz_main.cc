// libFuzzer's entry: the first byte chooses the parser, or TOLLGATE_FUZZ_TARGET names it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "tests/dataplane/translate/fuzz_targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const char* const wanted = std::getenv("TOLLGATE_FUZZ_TARGET");
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto targets = tollgate::dataplane::FuzzTargets();
  if (wanted != nullptr) {
    for (const auto& target : targets) {
      if (target.name == wanted) target.run(bytes);
    }
  } else if (!bytes.empty()) {
    const auto chosen = static_cast<std::uint8_t>(bytes.front()) % targets.size();
    targets[chosen].run(bytes.substr(1));
  }
  return 0;
}
