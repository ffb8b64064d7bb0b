#include "catalog/price/price_version.h"

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <tuple>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/string_views.h"
#include "catalog/price/price_text.h"

namespace tollgate::catalog {
namespace {

constexpr std::size_t kIdBytes = 20;  // 160 bits: collisions are out of reach, the id is short.

// RFC 4648 section 6 in lower case; `bytes` is a multiple of five long, so there is no padding.
std::string Base32(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "abcdefghijklmnopqrstuvwxyz234567";
  std::string text;
  unsigned buffer = 0;
  int bits = 0;
  for (const char byte : bytes) {
    buffer = (buffer << 8) | static_cast<unsigned char>(byte);
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += kAlphabet[(buffer >> bits) & 31];
    }
  }
  return text;
}

}  // namespace

void SortComponents(std::vector<PriceComponent>& components) {
  const auto key = [](const PriceComponent& c) {
    return std::tie(c.tier, c.context_threshold_tokens, c.unit, c.direction, c.modality, c.cache,
                    c.variant, c.region, c.utc_start_minute, c.utc_end_minute,
                    c.price_pico_usd_per_unit);
  };
  std::sort(components.begin(), components.end(),
            [&](const PriceComponent& a, const PriceComponent& b) { return key(a) < key(b); });
}

std::string PriceVersionId(std::string_view offering_id, absl::Time effective_time,
                           std::vector<PriceComponent> components) {
  SortComponents(components);
  std::string text = absl::StrCat("tollgate price version 1\n", AbslView(offering_id), "\n",
                                  absl::ToUnixSeconds(effective_time), "\n");
  for (const PriceComponent& component : components) {
    absl::StrAppend(&text, ComponentKey(component), "=", component.price_pico_usd_per_unit, "\n");
  }
  const Sha256Digest digest = Sha256(text);
  return "pv_" + Base32(DigestView(digest).substr(0, kIdBytes));
}

std::size_t InForce(const std::vector<SourcedPriceVersion>& history, absl::Time now) {
  const auto later = std::find_if(history.begin(), history.end(), [&](const auto& sourced) {
    return sourced.version.effective_time > now;
  });
  return later == history.begin() ? history.size()
                                  : static_cast<std::size_t>(later - history.begin()) - 1;
}

std::vector<SourcedPriceVersion> CurrentAndAnnounced(
    const std::vector<SourcedPriceVersion>& history, absl::Time now) {
  const std::size_t current = InForce(history, now);
  const std::size_t first = current == history.size() ? 0 : current;
  return {history.begin() + static_cast<std::ptrdiff_t>(first), history.end()};
}

}  // namespace tollgate::catalog
