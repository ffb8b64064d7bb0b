#include "dataplane/surface/model_price.h"

#include "absl/strings/str_cat.h"

namespace tollgate::dataplane {
namespace {

// The digits behind the point of a price in pico-USD.
constexpr std::size_t kPicoDigits = 12;

}  // namespace

std::string UsdPerUnit(std::int64_t pico_usd) {
  std::string digits = absl::StrCat(pico_usd);
  if (digits.size() <= kPicoDigits) digits.insert(0, kPicoDigits + 1 - digits.size(), '0');
  digits.insert(digits.size() - kPicoDigits, ".");
  while (digits.back() == '0') digits.pop_back();
  if (digits.back() == '.') digits.pop_back();
  return digits;
}

// What a thousand units cost in nano-USD is what one costs in pico-USD, and a thousand are below
// every context threshold that is sold.
std::string ShownPrice(const Price& price, std::int64_t TokenUsage::*field, absl::Time now) {
  TokenUsage usage;
  usage.*field = 1000;
  return UsdPerUnit(price.compiled.Charge(usage, now).nano_usd());
}

std::int64_t ReleaseSeconds(const Model& model) {
  absl::Time time;
  if (!absl::ParseTime("%Y-%m-%d", model.release_date, &time, nullptr)) return 0;
  return absl::ToUnixSeconds(time);
}

const std::string& ShownName(const Model& model) {
  return model.display_name.empty() ? model.id : model.display_name;
}

}  // namespace tollgate::dataplane
