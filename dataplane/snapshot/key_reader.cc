#include "dataplane/snapshot/key_reader.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "proto/validate/resource.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::dataplane {
namespace {

using config::v1::Key;
using config::v1::Resource;
using google::protobuf::Timestamp;
using google::protobuf::util::TimeUtil;

constexpr std::string_view kKeyPrefix = "key/";
constexpr int kVarintBytesMax = 10;
constexpr std::int64_t kNanosMax = 999'999'999;

// How a field's value is written (protobuf's encoding).
enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2 };

// Takes the fields of one message off its bytes.
class Fields {
 public:
  explicit Fields(std::string_view message) : rest_(message) {}

  // The next field's number, and in `type` and the members behind it what it holds.  0 at the end,
  // and when the bytes cannot be read: then ok() is false.
  int Next() {
    if (rest_.empty()) return 0;
    const std::uint64_t tag = Varint();
    const std::uint64_t number = tag >> 3;
    if (number == 0 || number > std::numeric_limits<std::uint8_t>::max()) return Fail();
    switch (tag & 7) {
      case static_cast<std::uint64_t>(WireType::kVarint):
        type = WireType::kVarint;
        value = Varint();
        break;
      case static_cast<std::uint64_t>(WireType::kFixed64):
        type = WireType::kFixed64;
        if (rest_.size() < sizeof(value)) return Fail();
        std::memcpy(&value, rest_.data(), sizeof(value));  // Little endian, as we are.
        rest_.remove_prefix(sizeof(value));
        break;
      case static_cast<std::uint64_t>(WireType::kBytes):
        type = WireType::kBytes;
        value = Varint();
        if (value > rest_.size()) return Fail();
        bytes = rest_.substr(0, value);
        rest_.remove_prefix(value);
        break;
      default:
        return Fail();
    }
    return ok_ ? static_cast<int>(number) : 0;
  }

  bool ok() const { return ok_; }

  WireType type = WireType::kVarint;
  std::uint64_t value = 0;
  std::string_view bytes;

 private:
  int Fail() {
    ok_ = false;
    return 0;
  }

  std::uint64_t Varint() {
    std::uint64_t result = 0;
    for (int i = 0; i < kVarintBytesMax && !rest_.empty(); ++i) {
      const auto byte = static_cast<unsigned char>(rest_.front());
      rest_.remove_prefix(1);
      result |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) return result;
    }
    ok_ = false;
    return 0;
  }

  std::string_view rest_;
  bool ok_ = true;
};

// Reads a message of varints alone, of which none is negative or above `maximum` of its field.
template <std::size_t kCount>
bool ReadNumbers(std::string_view bytes, const std::int64_t (&maximum)[kCount],
                 std::int64_t (&numbers)[kCount]) {
  std::fill(std::begin(numbers), std::end(numbers), 0);
  Fields fields(bytes);
  int last = 0;
  while (const int number = fields.Next()) {
    if (number <= last || number > static_cast<int>(kCount)) return false;
    if (fields.type != WireType::kVarint) return false;
    const std::size_t at = static_cast<std::size_t>(number) - 1;
    if (fields.value > static_cast<std::uint64_t>(maximum[at])) return false;
    numbers[at] = static_cast<std::int64_t>(fields.value);
    last = number;
  }
  return fields.ok();
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
bool ReadField(int number, const Fields& field, WireKey& key, bool& has_pepper) {
  const bool is_bytes = field.type == WireType::kBytes;
  const bool is_true = field.type == WireType::kVarint && field.value == 1;
  KeyFacts& facts = key.facts;
  switch (number) {
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
  Fields fields(bytes);
  int last = 0;
  bool has_digest = false;
  bool has_pepper = false;
  while (const int number = fields.Next()) {
    const bool again = number == last && number == Key::kAllowedModelsFieldNumber;
    if (number <= last && !again) return false;
    if (!ReadField(number, fields, key, has_pepper)) return false;
    has_digest = has_digest || number == Key::kDigestFieldNumber;
    last = number;
  }
  return fields.ok() && has_digest && has_pepper && !key.facts.id.empty() &&
         !key.workspace_id.empty();
}

}  // namespace

bool ReadPlainKey(std::string_view bytes, WireKey& key) {
  std::vector<std::string_view> allowed = std::move(key.facts.allowed_models);
  allowed.clear();
  key = {};
  key.facts.allowed_models = std::move(allowed);
  Fields fields(bytes);
  if (fields.Next() != Resource::kKeyFieldNumber || fields.type != WireType::kBytes) return false;
  key.resource_key = fields.bytes;
  if (!key.resource_key.starts_with(kKeyPrefix)) return false;
  int number = fields.Next();
  if (number == Resource::kHashFieldNumber) {
    if (fields.type != WireType::kFixed64) return false;
    key.facts.resource_hash = fields.value;
    number = fields.Next();
  }
  if (number != Resource::kApiKeyFieldNumber || fields.type != WireType::kBytes) return false;
  if (!ReadBody(fields.bytes, key) || fields.Next() != 0 || !fields.ok()) return false;
  return key.resource_key.substr(kKeyPrefix.size()) == key.facts.id;
}

}  // namespace tollgate::dataplane
