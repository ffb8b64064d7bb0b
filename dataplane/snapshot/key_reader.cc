#include "dataplane/snapshot/key_reader.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/wire_reader.h"
#include "proto/validate/resource.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::dataplane {
namespace {

using config::v1::Key;
using config::v1::Resource;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

constexpr std::string_view kKeyPrefix = "key/";
constexpr std::int64_t kNanosMax = 999'999'999;

// Whether the message ended as protobuf would read it to its end.
bool Ended(const WireReader& reader) { return reader.complete() && !reader.padded(); }

// Reads a message of varints alone, of which none is negative or above `maximum` of its field.
template <std::size_t kCount>
bool ReadNumbers(std::string_view bytes, const std::int64_t (&maximum)[kCount],
                 std::int64_t (&numbers)[kCount]) {
  std::fill(std::begin(numbers), std::end(numbers), 0);
  WireReader reader(bytes);
  WireField field;
  std::uint32_t last = 0;
  while (reader.Next(field)) {
    if (field.number <= last || field.number > kCount) return false;
    if (field.type != WireType::kVarint) return false;
    const std::size_t at = field.number - 1;
    if (field.value > static_cast<std::uint64_t>(maximum[at])) return false;
    numbers[at] = static_cast<std::int64_t>(field.value);
    last = field.number;
  }
  return Ended(reader);
}

bool ReadExpireTime(std::string_view bytes, absl::Time& time) {
  static_assert(Timestamp::kSecondsFieldNumber == 1 && Timestamp::kNanosFieldNumber == 2);
  constexpr std::int64_t kMaximum[] = {TimeUtil::kTimestampMaxSeconds, kNanosMax};
  std::int64_t numbers[2];  // What is before 1970 is rare enough to be parsed.
  if (!ReadNumbers(bytes, kMaximum, numbers)) return false;
  time = absl::FromUnixSeconds(numbers[0]) + absl::Nanoseconds(numbers[1]);
  return true;
}

bool ReadRateLimits(std::string_view bytes, RateLimits& limits) {
  using Message = config::v1::RateLimits;
  static_assert(Message::kRequestsPerMinuteFieldNumber == 1 &&
                Message::kTokensPerMinuteFieldNumber == 2 &&
                Message::kConcurrentRequestsFieldNumber == 3);
  constexpr std::int64_t kMaximum[] = {kRateLimitMax, kRateLimitMax, kRateLimitMax};
  std::int64_t numbers[3];
  if (!ReadNumbers(bytes, kMaximum, numbers)) return false;
  limits = {numbers[0], numbers[1], numbers[2]};
  return true;
}

// Reads one field of the body; whether it is as it should be.
bool ReadField(const WireField& field, WireKey& key, bool& has_pepper) {
  const bool is_bytes = field.type == WireType::kBytes;
  const bool is_true = field.type == WireType::kVarint && field.value == 1;
  KeyFacts& facts = key.facts;
  switch (field.number) {
    case Key::kIdFieldNumber:
      facts.id = field.bytes;
      return is_bytes && IsValidResourceId(facts.id);
    case Key::kWorkspaceIdFieldNumber:
      key.workspace_id = field.bytes;
      return is_bytes && IsValidResourceId(key.workspace_id);
    case Key::kDigestFieldNumber:
      if (!is_bytes || field.bytes.size() != facts.digest.size()) return false;
      std::memcpy(facts.digest.data(), field.bytes.data(), facts.digest.size());
      return true;
    case Key::kPepperIdFieldNumber:
      has_pepper = true;
      return field.type == WireType::kVarint && field.value > 0 &&
             field.value <= std::numeric_limits<std::uint32_t>::max();
    case Key::kExpireTimeFieldNumber:
      return is_bytes && ReadExpireTime(field.bytes, facts.expire_time);
    case Key::kRevokedFieldNumber:
      return facts.revoked = is_true;
    case Key::kAllowedModelsFieldNumber:
      facts.allowed_models.push_back(field.bytes);
      return is_bytes && facts.allowed_models.size() <= kAllowedModelsMax &&
             IsValidModelPattern(field.bytes);
    case Key::kProjectIdFieldNumber:
      facts.project_id = field.bytes;
      return is_bytes && IsValidResourceId(facts.project_id);
    case Key::kMemberIdFieldNumber:
      facts.member_id = field.bytes;
      return is_bytes && IsValidResourceId(facts.member_id);
    case Key::kLimitsFieldNumber:
      return is_bytes && ReadRateLimits(field.bytes, facts.limits);
    case Key::kManagesQuotasFieldNumber:
      return facts.manages_quotas = is_true;
    default:
      return false;
  }
}

bool ReadBody(std::string_view bytes, WireKey& key) {
  WireReader reader(bytes);
  WireField field;
  std::uint32_t last = 0;
  bool has_digest = false;
  bool has_pepper = false;
  while (reader.Next(field)) {
    const bool again = field.number == last && field.number == Key::kAllowedModelsFieldNumber;
    if (field.number <= last && !again) return false;
    if (!ReadField(field, key, has_pepper)) return false;
    has_digest = has_digest || field.number == Key::kDigestFieldNumber;
    last = field.number;
  }
  return Ended(reader) && has_digest && has_pepper && !key.facts.id.empty() &&
         !key.workspace_id.empty();
}

}  // namespace

bool ReadPlainKey(std::string_view bytes, WireKey& key) {
  std::vector<std::string_view> allowed = std::move(key.facts.allowed_models);
  allowed.clear();
  key = {};
  key.facts.allowed_models = std::move(allowed);
  WireReader reader(bytes);
  WireField field;
  const auto is = [&field](int number, WireType type) {
    return field.number == static_cast<std::uint32_t>(number) && field.type == type;
  };
  if (!reader.Next(field) || !is(Resource::kKeyFieldNumber, WireType::kBytes)) return false;
  key.resource_key = field.bytes;
  if (!key.resource_key.starts_with(kKeyPrefix) || !reader.Next(field)) return false;
  if (is(Resource::kHashFieldNumber, WireType::kFixed64)) {
    key.facts.resource_hash = field.value;
    if (!reader.Next(field)) return false;
  }
  if (!is(Resource::kApiKeyFieldNumber, WireType::kBytes)) return false;
  if (!ReadBody(field.bytes, key) || !Ended(reader)) return false;
  return key.resource_key.substr(kKeyPrefix.size()) == key.facts.id;
}

}  // namespace tollgate::dataplane
