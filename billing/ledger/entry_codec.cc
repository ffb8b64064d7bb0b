#include "billing/ledger/entry_codec.h"

#include <algorithm>

#include "billing/ledger/binary.h"
#include "billing/ledger/usage_entry.h"

namespace tollgate::billing {
namespace {

constexpr std::uint8_t kContentsVersion = 1;
// With the actor behind the rest; 2 is usage.
constexpr std::uint8_t kActedContentsVersion = 3;
// Of usage with a cost; longer ones grow.
constexpr std::size_t kUsualContentsBytes = 384;

void WritePostings(const Transfer& transfer, BinaryWriter& out) {
  out.U32(static_cast<std::uint32_t>(transfer.postings.size()));
  for (const Posting& posting : transfer.postings) {
    out.String(posting.account);
    out.I64(posting.amount.nano_usd());
  }
}

bool IsKnownKind(std::uint8_t kind) {
  return std::any_of(std::begin(kAllEntryKinds), std::end(kAllEntryKinds),
                     [kind](EntryKind known) { return static_cast<std::uint8_t>(known) == kind; });
}

}  // namespace

std::string EncodeEntryContents(const Entry& entry) {
  if (entry.usage.has_value()) {
    const UsageContents usage(FactsOf(*entry.usage), entry.sequence,
                              absl::ToUnixNanos(entry.time), entry.balance);
    return std::string(usage.contents());
  }
  BinaryWriter out;
  out.Reserve(kUsualContentsBytes);
  const bool acted = !entry.transfer.actor.empty();
  out.U8(acted ? kActedContentsVersion : kContentsVersion);
  out.U64(entry.sequence);
  out.U8(static_cast<std::uint8_t>(entry.transfer.kind));
  out.I64(absl::ToUnixNanos(entry.time));
  out.I64(entry.balance.nano_usd());
  out.String(entry.transfer.workspace_id);
  out.String(entry.transfer.idempotency_key);
  out.String(entry.transfer.description);
  out.String(entry.transfer.generation_id);
  WritePostings(entry.transfer, out);
  if (acted) out.String(entry.transfer.actor);
  return out.Take();
}

Sha256Digest ChainHash(const Sha256Digest& former, std::string_view contents) {
  std::string text(DigestView(former));
  text.append(contents);
  return Sha256(text);
}

std::string EncodeEntry(const Entry& entry) {
  std::string stored(DigestView(entry.hash));
  stored.append(EncodeEntryContents(entry));
  if (entry.usage.has_value()) stored.append(entry.usage->record);
  return stored;
}

absl::StatusOr<Entry> DecodeEntry(std::string_view stored) {
  Entry entry;
  BinaryReader in(stored);
  const std::string_view hash = in.Bytes(entry.hash.size());
  if (in.ok()) std::copy(hash.begin(), hash.end(), entry.hash.begin());
  const std::uint8_t version = in.U8();
  if (in.ok() && version == kUsageContentsVersion) {
    if (!ReadUsageEntry(in.rest(), entry)) {
      return absl::DataLossError("a usage entry cannot be read");
    }
    return entry;
  }
  entry.sequence = in.U64();
  const std::uint8_t kind = in.U8();
  entry.time = absl::FromUnixNanos(in.I64());
  entry.balance = Money::FromNanoUsd(in.I64());
  entry.transfer.workspace_id = in.String();
  entry.transfer.idempotency_key = in.String();
  entry.transfer.description = in.String();
  entry.transfer.generation_id = in.String();
  const std::uint32_t count = in.U32();
  const bool acted = version == kActedContentsVersion;
  if (!in.ok() || (!acted && version != kContentsVersion) || !IsKnownKind(kind) ||
      count > kPostingsMax) {
    return absl::DataLossError("a journal entry cannot be read");
  }
  entry.transfer.kind = static_cast<EntryKind>(kind);
  for (std::uint32_t i = 0; i < count; ++i) {
    Posting posting;
    posting.account = in.String();
    posting.amount = Money::FromNanoUsd(in.I64());
    entry.transfer.postings.push_back(std::move(posting));
  }
  if (acted) entry.transfer.actor = in.String();
  if (!in.complete() || acted == entry.transfer.actor.empty()) {
    return absl::DataLossError("a journal entry has the wrong length");
  }
  return entry;
}

Sha256Digest ContentsDigest(const Transfer& transfer) {
  BinaryWriter out;
  out.U8(static_cast<std::uint8_t>(transfer.kind));
  out.String(transfer.workspace_id);
  out.String(transfer.description);
  out.String(transfer.generation_id);
  WritePostings(transfer, out);
  return Sha256(out.Take());
}

}  // namespace tollgate::billing
