#include "billing/ledger/usage_entry.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "billing/ledger/binary.h"

namespace tollgate::billing {
namespace {

// Takes a text as UsageContents writes it.
std::string_view TakeText(BinaryReader& in) { return in.Bytes(in.U8()); }

void AddPosting(Transfer& transfer, std::string account, Money amount) {
  transfer.postings.push_back({std::move(account), amount});
}

}  // namespace

UsageFacts FactsOf(const UsageEntry& usage) {
  UsageFacts facts;
  facts.lane = &usage.key.lane;
  facts.number = usage.key.sequence;
  facts.attempt = usage.attempt;
  facts.charge = usage.charge;
  facts.cost = usage.cost;
  facts.leased = usage.leased;
  facts.credit = usage.credit;
  facts.workspace_id = usage.workspace_id;
  facts.key_id = usage.key_id;
  facts.generation_id = usage.generation_id;
  facts.model_id = usage.model_id;
  facts.provider_id = usage.provider_id;
  facts.record = usage.record;
  facts.digest = usage.digest;
  return facts;
}

std::string UsageIdempotencyKey(const RecordKey& key) {
  return absl::StrCat("usage/", key.lane.node_id, "/", key.lane.incarnation, "/", key.lane.lane,
                      "/", key.sequence);
}

Transfer UsageTransfer(const UsageFacts& facts) {
  Transfer transfer;
  transfer.kind = EntryKind::kUsage;
  transfer.workspace_id = facts.workspace_id;
  transfer.idempotency_key = UsageIdempotencyKey({*facts.lane, facts.number});
  transfer.generation_id = facts.generation_id;
  transfer.description = facts.model_id;
  AddPosting(transfer, HoldsAccount(facts.workspace_id), -facts.leased);
  AddPosting(transfer, RevenueAccount(facts.model_id), facts.charge);
  const Money overrun = facts.charge - facts.leased;
  if (!overrun.is_zero()) AddPosting(transfer, std::string(kOverrunAccount), -overrun);
  if (!facts.cost.is_zero()) {
    AddPosting(transfer, CostAccount(facts.provider_id), -facts.cost);
    AddPosting(transfer, PayableAccount(facts.provider_id), facts.cost);
  }
  if (!facts.credit.is_zero()) {
    AddPosting(transfer, CreditAccount(facts.workspace_id), -facts.credit);
    AddPosting(transfer, std::string(kCreditUnspentAccount), facts.credit);
  }
  return transfer;
}

Outcome CheckUsageTexts(const UsageFacts& facts) {
  // What a key has beside the node: its words, slashes and three numbers.
  constexpr std::size_t kKeyRestBytesMax = 64;
  if (facts.lane->node_id.size() + kKeyRestBytesMax > kIdempotencyKeyBytesMax) {
    return Outcome::kIdempotencyKeyInvalid;
  }
  // The longest prefix of an account's name is that of payable/.
  constexpr std::size_t kIdBytesMax = kAccountNameBytesMax - sizeof("payable/");
  for (const std::string_view id : {facts.workspace_id, facts.model_id, facts.provider_id}) {
    if (id.size() > kIdBytesMax || !IsValidAccountName(id)) return Outcome::kAccountInvalid;
  }
  if (facts.key_id.size() > kIdBytesMax || facts.generation_id.size() > kIdBytesMax) {
    return Outcome::kTextTooLong;
  }
  return Outcome::kCreated;
}

UsageContents::UsageContents(const UsageFacts& facts, std::uint64_t sequence,
                             std::int64_t unix_nanos, Money balance) {
  U8(kUsageContentsVersion);
  U64(sequence);
  U8(static_cast<std::uint8_t>(EntryKind::kUsage));
  I64(unix_nanos);
  I64(balance.nano_usd());
  Text(facts.lane->node_id);
  U64(facts.lane->incarnation);
  U32(facts.lane->lane);
  U64(facts.number);
  U32(facts.attempt);
  I64(facts.charge.nano_usd());
  I64(facts.cost.nano_usd());
  I64(facts.leased.nano_usd());
  I64(facts.credit.nano_usd());
  Text(facts.workspace_id);
  Text(facts.key_id);
  Text(facts.generation_id);
  Text(facts.model_id);
  Text(facts.provider_id);
  std::memcpy(bytes_.data() + size_, facts.digest.data(), facts.digest.size());
  size_ += facts.digest.size();
}

Sha256Digest UsageContents::Chain(const Sha256Digest& former) {
  std::memcpy(bytes_.data(), former.data(), former.size());
  const Sha256Digest hash = Sha256(stored());
  std::memcpy(bytes_.data(), hash.data(), hash.size());
  return hash;
}

void UsageContents::U32(std::uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) bytes_[size_++] = static_cast<char>(value >> shift);
}

void UsageContents::U64(std::uint64_t value) {
  const std::uint64_t swapped = __builtin_bswap64(value);
  std::memcpy(bytes_.data() + size_, &swapped, sizeof(swapped));
  size_ += sizeof(swapped);
}

void UsageContents::Text(std::string_view value) {
  CHECK_LE(value.size(), kTextBytesMax);
  U8(static_cast<std::uint8_t>(value.size()));
  std::memcpy(bytes_.data() + size_, value.data(), value.size());
  size_ += value.size();
}

bool ReadUsageEntry(std::string_view rest, Entry& entry) {
  BinaryReader in(rest);
  UsageEntry usage;
  entry.sequence = in.U64();
  const std::uint8_t kind = in.U8();
  entry.time = absl::FromUnixNanos(in.I64());
  entry.balance = Money::FromNanoUsd(in.I64());
  usage.key.lane.node_id = TakeText(in);
  usage.key.lane.incarnation = in.U64();
  usage.key.lane.lane = in.U32();
  usage.key.sequence = in.U64();
  usage.attempt = in.U32();
  usage.charge = Money::FromNanoUsd(in.I64());
  usage.cost = Money::FromNanoUsd(in.I64());
  usage.leased = Money::FromNanoUsd(in.I64());
  usage.credit = Money::FromNanoUsd(in.I64());
  usage.workspace_id = TakeText(in);
  usage.key_id = TakeText(in);
  usage.generation_id = TakeText(in);
  usage.model_id = TakeText(in);
  usage.provider_id = TakeText(in);
  const std::string_view digest = in.Bytes(usage.digest.size());
  // Amounts that no record may have would overflow what follows from them.
  const auto sane = [](Money amount) { return !amount.is_negative(); };
  if (!in.ok() || kind != static_cast<std::uint8_t>(EntryKind::kUsage) || !sane(usage.charge) ||
      !sane(usage.cost) || !sane(usage.leased) || !sane(usage.credit)) {
    return false;
  }
  std::copy(digest.begin(), digest.end(), usage.digest.begin());
  usage.record = in.rest();
  entry.transfer = UsageTransfer(FactsOf(usage));
  entry.usage = std::move(usage);
  return true;
}

}  // namespace tollgate::billing
