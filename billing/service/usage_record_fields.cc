#include "billing/service/usage_record_fields.h"

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <type_traits>

#include "base/wire_reader.h"

namespace tollgate::billing {
namespace {

using Record = usage::v1::UsageRecord;

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
  std::uint64_t word = 0;
  if (text.size() < sizeof(word)) {
    for (const char c : text) bits |= static_cast<unsigned char>(c);
    return (bits & kHighBits) == 0;
  }
  for (std::size_t at = 0; at + sizeof(word) < text.size(); at += sizeof(word)) {
    std::memcpy(&word, text.data() + at, sizeof(word));
    bits |= word;
  }
  // The last ones, some of them once more.
  std::memcpy(&word, text.data() + text.size() - sizeof(word), sizeof(word));
  return ((bits | word) & kHighBits) == 0;
}

class FieldsReader {
 public:
  explicit FieldsReader(UsageRecordFields& fields) : fields_(fields) {}

  FieldsVerdict Read(std::string_view bytes) {
    WireReader in(bytes);
    WireField field;
    while (in.Next(field)) Take(field);
    if (!in.complete() || unreadable_) return FieldsVerdict::kUnreadable;
    return unusual_ || in.padded() ? FieldsVerdict::kUnusual : FieldsVerdict::kRead;
  }

 private:
  void Take(const WireField& field) {
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
        if (field.type == WireType::kBytes && !IsAscii(field.bytes)) unusual_ = true;
    }
  }

  void Text(const WireField& field, std::string_view& out) {
    if (field.type != WireType::kBytes || !IsAscii(field.bytes)) unusual_ = true;
    if (field.type == WireType::kBytes) out = field.bytes;
  }

  template <typename T>
  void Number(const WireField& field, T& out) {
    if (field.type != WireType::kVarint) {
      unusual_ = true;
    } else if constexpr (std::is_same_v<T, bool>) {
      out = field.value != 0;
    } else {
      out = static_cast<T>(field.value);
    }
  }

  // Whether it is a message: its texts must be right as well.
  void LookInto(const WireField& field) {
    WireReader in(field.bytes);
    WireField inner;
    while (field.type == WireType::kBytes && in.Next(inner)) {
      if (inner.type == WireType::kBytes && !IsAscii(inner.bytes)) unusual_ = true;
    }
    End(field, in);
  }

  void TakeHold(const WireField& field) {
    WireReader in(field.bytes);
    UsageHoldFields& hold = fields_.holds.emplace_back();
    WireField inner;
    std::uint64_t seen = 0;
    while (field.type == WireType::kBytes && in.Next(inner)) {
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
          hold.has_drawn = hold.has_drawn || inner.type == WireType::kVarint;
          break;
        default:
          if (inner.type == WireType::kBytes && !IsAscii(inner.bytes)) unusual_ = true;
      }
    }
    End(field, in);
  }

  void TakeTime(const WireField& field) {
    WireReader in(field.bytes);
    WireField inner;
    std::uint64_t seconds = 0;
    while (field.type == WireType::kBytes && in.Next(inner)) {
      if (inner.number != google::protobuf::Timestamp::kSecondsFieldNumber) continue;
      if (inner.type != WireType::kVarint || seconds++ > 0) unusual_ = true;
      if (inner.type == WireType::kVarint) {
        fields_.request_seconds = static_cast<std::int64_t>(inner.value);
      }
    }
    End(field, in);
  }

  // After the last field of a message in a message.
  void End(const WireField& field, const WireReader& in) {
    if (field.type != WireType::kBytes || in.padded()) {
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

UsageRecordFields FieldsOf(const usage::v1::UsageRecord& record) {
  UsageRecordFields fields;
  fields.generation_id = record.generation_id();
  fields.attempt = record.attempt();
  fields.workspace_id = record.workspace_id();
  fields.key_id = record.key_id();
  fields.model_id = record.model_id();
  fields.provider_id = record.provider_id();
  fields.byok = record.byok();
  fields.usage_source = record.usage_source();
  fields.outcome = record.outcome();
  fields.charge_nano_usd = record.charge_nano_usd();
  fields.cost_nano_usd = record.cost_nano_usd();
  fields.market_cost_nano_usd = record.market_cost_nano_usd();
  fields.request_seconds = record.request_time().seconds();
  for (const usage::v1::Hold& hold : record.holds()) {
    fields.holds.push_back({hold.account(), hold.leased(), hold.lease_incarnation(),
                            hold.has_drawn_nano_usd(), hold.drawn_nano_usd()});
  }
  return fields;
}

}  // namespace tollgate::billing
