#include "billing/service/usage_record_fields.h"

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <type_traits>

#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {
namespace {

using Record = usage::v1::UsageRecord;

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::uint32_t kTypeBits = 3;
// Beyond it nothing is a field of UsageRecord; its numbers fit into the bits of `seen`.
constexpr std::uint32_t kFieldsEnd = 64;

constexpr std::uint64_t Bits(std::initializer_list<int> fields) {
  std::uint64_t bits = 0;
  for (const int field : fields) bits |= std::uint64_t{1} << field;
  return bits;
}

// What is read and not repeated: of others it does not matter which one counts.
constexpr std::uint64_t kReadOnce = Bits(
    {Record::kGenerationIdFieldNumber, Record::kAttemptFieldNumber, Record::kWorkspaceIdFieldNumber,
     Record::kKeyIdFieldNumber, Record::kModelIdFieldNumber, Record::kProviderIdFieldNumber,
     Record::kByokFieldNumber, Record::kUsageSourceFieldNumber, Record::kOutcomeFieldNumber,
     Record::kChargeNanoUsdFieldNumber, Record::kCostNanoUsdFieldNumber,
     Record::kRequestTimeFieldNumber, Record::kMarketCostNanoUsdFieldNumber});

bool IsAscii(std::string_view text) {
  constexpr std::uint64_t kHighBits = 0x8080808080808080u;
  std::uint64_t bits = 0;
  std::size_t at = 0;
  for (; at + sizeof(bits) <= text.size(); at += sizeof(bits)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof(word));
    bits |= word;
  }
  for (; at < text.size(); ++at) bits |= static_cast<unsigned char>(text[at]);
  return (bits & kHighBits) == 0;
}

// One field off the front of a message.
struct Field {
  std::uint32_t number = 0;
  std::uint32_t type = 0;
  std::uint64_t value = 0;  // Of kVarint.
  std::string_view bytes;   // Of kBytes.
};

class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}

  // False at the end, and at what is no field: then complete() tells them apart.
  bool Next(Field& field) {
    std::uint64_t tag = 0;
    if (rest_.empty()) return false;
    if (!Length(tag) || tag > UINT32_MAX) return Fail();
    field.number = static_cast<std::uint32_t>(tag >> kTypeBits);
    field.type = static_cast<std::uint32_t>(tag & ((1u << kTypeBits) - 1));
    if (field.number == 0) return Fail();
    switch (field.type) {
      case kVarint:
        return Varint(field.value) || Fail();
      case kFixed64:
        return Skip(8);
      case kFixed32:
        return Skip(4);
      case kBytes: {
        std::uint64_t size = 0;
        if (!Length(size) || size > rest_.size()) return Fail();
        field.bytes = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return true;
      }
      default:
        return Fail();
    }
  }

  bool complete() const { return !failed_ && rest_.empty(); }
  // Whether a tag or a size is longer than it may be.
  bool padded() const { return padded_; }

 private:
  bool Fail() {
    failed_ = true;
    return false;
  }

  bool Skip(std::size_t bytes) {
    if (rest_.size() < bytes) return Fail();
    rest_.remove_prefix(bytes);
    return true;
  }

  // A tag or a size: those have 32 bits.
  bool Length(std::uint64_t& value) {
    constexpr std::size_t kBytesMax = 5;
    const std::size_t before = rest_.size();
    if (!Varint(value)) return false;
    if (before - rest_.size() > kBytesMax) padded_ = true;
    return true;
  }

  bool Varint(std::uint64_t& value) {
    constexpr std::size_t kVarintBytesMax = 10;
    value = 0;
    for (std::size_t i = 0; i < rest_.size() && i < kVarintBytesMax; ++i) {
      const auto byte = static_cast<unsigned char>(rest_[i]);
      value |= static_cast<std::uint64_t>(byte & 0x7f) << (7 * i);
      if (byte < 0x80) {
        rest_.remove_prefix(i + 1);
        return true;
      }
    }
    return Fail();
  }

  std::string_view rest_;
  bool failed_ = false;
  bool padded_ = false;
};

class FieldsReader {
 public:
  explicit FieldsReader(UsageRecordFields& fields) : fields_(fields) {}

  FieldsVerdict Read(std::string_view bytes) {
    WireReader in(bytes);
    Field field;
    while (in.Next(field)) Take(field);
    if (!in.complete() || unreadable_) return FieldsVerdict::kUnreadable;
    return unusual_ || in.padded() ? FieldsVerdict::kUnusual : FieldsVerdict::kRead;
  }

 private:
  void Take(const Field& field) {
    const std::uint64_t bit = field.number < kFieldsEnd ? std::uint64_t{1} << field.number : 0;
    if ((seen_ & bit & kReadOnce) != 0) unusual_ = true;
    seen_ |= bit;
    switch (field.number) {
      case Record::kGenerationIdFieldNumber:
        return Text(field, fields_.generation_id);
      case Record::kAttemptFieldNumber:
        return Number(field, fields_.attempt);
      case Record::kWorkspaceIdFieldNumber:
        return Text(field, fields_.workspace_id);
      case Record::kKeyIdFieldNumber:
        return Text(field, fields_.key_id);
      case Record::kModelIdFieldNumber:
        return Text(field, fields_.model_id);
      case Record::kProviderIdFieldNumber:
        return Text(field, fields_.provider_id);
      case Record::kByokFieldNumber:
        return Number(field, fields_.byok);
      case Record::kQuantitiesFieldNumber:
        return LookInto(field);
      case Record::kUsageSourceFieldNumber:
        return Number(field, fields_.usage_source);
      case Record::kOutcomeFieldNumber:
        return Number(field, fields_.outcome);
      case Record::kChargeNanoUsdFieldNumber:
        return Number(field, fields_.charge_nano_usd);
      case Record::kCostNanoUsdFieldNumber:
        return Number(field, fields_.cost_nano_usd);
      case Record::kHoldsFieldNumber:
        return TakeHold(field);
      case Record::kRequestTimeFieldNumber:
        return TakeTime(field);
      case Record::kMarketCostNanoUsdFieldNumber:
        return Number(field, fields_.market_cost_nano_usd);
      default:
        if (field.type == kBytes && !IsAscii(field.bytes)) unusual_ = true;
    }
  }

  void Text(const Field& field, std::string_view& out) {
    if (field.type != kBytes || !IsAscii(field.bytes)) unusual_ = true;
    if (field.type == kBytes) out = field.bytes;
  }

  template <typename T>
  void Number(const Field& field, T& out) {
    if (field.type != kVarint) {
      unusual_ = true;
    } else if constexpr (std::is_same_v<T, bool>) {
      out = field.value != 0;
    } else {
      out = static_cast<T>(field.value);
    }
  }

  // Whether it is a message: its texts must be right as well.
  void LookInto(const Field& field) {
    WireReader in(field.bytes);
    Field inner;
    while (field.type == kBytes && in.Next(inner)) {
      if (inner.type == kBytes && !IsAscii(inner.bytes)) unusual_ = true;
    }
    End(field, in);
  }

  void TakeHold(const Field& field) {
    WireReader in(field.bytes);
    UsageHoldFields& hold = fields_.holds.emplace_back();
    Field inner;
    std::uint64_t seen = 0;
    while (field.type == kBytes && in.Next(inner)) {
      const std::uint64_t bit = inner.number < kFieldsEnd ? std::uint64_t{1} << inner.number : 0;
      if ((seen & bit) != 0) unusual_ = true;
      seen |= bit;
      switch (inner.number) {
        case usage::v1::Hold::kAccountFieldNumber:
          Text(inner, hold.account);
          break;
        case usage::v1::Hold::kLeasedFieldNumber:
          Number(inner, hold.leased);
          break;
        case usage::v1::Hold::kLeaseIncarnationFieldNumber:
          Number(inner, hold.lease_incarnation);
          break;
        case usage::v1::Hold::kDrawnNanoUsdFieldNumber:
          Number(inner, hold.drawn_nano_usd);
          hold.has_drawn = hold.has_drawn || inner.type == kVarint;
          break;
        default:
          if (inner.type == kBytes && !IsAscii(inner.bytes)) unusual_ = true;
      }
    }
    End(field, in);
  }

  void TakeTime(const Field& field) {
    WireReader in(field.bytes);
    Field inner;
    std::uint64_t seconds = 0;
    while (field.type == kBytes && in.Next(inner)) {
      if (inner.number != google::protobuf::Timestamp::kSecondsFieldNumber) continue;
      if (inner.type != kVarint || seconds++ > 0) unusual_ = true;
      if (inner.type == kVarint) fields_.request_seconds = static_cast<std::int64_t>(inner.value);
    }
    End(field, in);
  }

  // After the last field of a message in a message.
  void End(const Field& field, const WireReader& in) {
    if (field.type != kBytes || in.padded()) {
      unusual_ = true;
    } else if (!in.complete()) {
      unreadable_ = true;
    }
  }

  UsageRecordFields& fields_;
  std::uint64_t seen_ = 0;
  bool unusual_ = false;
  bool unreadable_ = false;
};

}  // namespace

FieldsVerdict ReadUsageRecordFields(std::string_view bytes, UsageRecordFields& fields) {
  return FieldsReader(fields).Read(bytes);
}

}  // namespace tollgate::billing
