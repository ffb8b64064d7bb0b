// A usage entry: what of a record the journal says, how it is encoded and how it is posted.
//
// Every record makes one entry, and there are a thousand of them for each other one.  So a usage
// entry is written as the few facts that its postings follow from, with the record itself behind
// it; the hash of the entry covers the facts and, by its digest, the record.
#ifndef TOLLGATE_BILLING_LEDGER_USAGE_ENTRY_H_
#define TOLLGATE_BILLING_LEDGER_USAGE_ENTRY_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/money.h"
#include "billing/ledger/entry.h"
#include "billing/ledger/outcome.h"
#include "billing/ledger/record_key.h"

namespace tollgate::billing {

// Everything that a usage entry says beside its place, time and balance.  The views belong to the
// caller.
struct UsageFacts {
  const LaneKey* lane = nullptr;  // Never null where one is used.
  std::uint64_t number = 0;       // The record's sequence in its lane.
  std::uint32_t attempt = 0;
  Money charge;
  Money cost;
  Money leased;  // What of the charge the wallet's lease covers; ≤ charge.
  Money credit;  // What of that is promotional credit; ≤ leased.
  std::string_view workspace_id;
  std::string_view key_id;
  std::string_view generation_id;
  std::string_view model_id;
  std::string_view provider_id;
  std::string_view record;  // Its bytes, as the node wrote them.
  Sha256Digest digest;      // Of those.
};

// The facts of an entry, whose `usage` must be there; valid as long as it.
UsageFacts FactsOf(const UsageEntry& usage);

// How they are posted:
//
//   holds/<workspace>    - leased            revenue/<model>     + charge
//   overrun              - (charge - leased)
//   cost/<provider>      - cost              payable/<provider>  + cost
//   credit/<workspace>   - credit            credit_unspent      + credit
//
// A record without charge and cost makes an entry of zeros: every attempt that reached a provider
// is in the journal once.
Transfer UsageTransfer(const UsageFacts& facts);

// "usage/<node>/<incarnation>/<lane>/<sequence>".
std::string UsageIdempotencyKey(const RecordKey& key);

// kCreated when the texts are short enough for UsageContents and make names of accounts.
Outcome CheckUsageTexts(const UsageFacts& facts);

// The contents of a usage entry, encoded; room for the hash of the entry before is in front of
// them, so that the chain is hashed where it stands.
class UsageContents {
 public:
  // REQUIRED: CheckUsageTexts() says kCreated.
  UsageContents(const UsageFacts& facts, std::uint64_t sequence, std::int64_t unix_nanos,
                Money balance);

  std::string_view contents() const { return {bytes_.data() + kHashBytes, size_ - kHashBytes}; }

  // Chains the entry to the one before; afterwards stored() begins with its hash.
  Sha256Digest Chain(const Sha256Digest& former);
  // hash || contents: the record follows.
  std::string_view stored() const { return {bytes_.data(), size_}; }

 private:
  static constexpr std::size_t kHashBytes = sizeof(Sha256Digest);
  static constexpr std::size_t kFixedBytes = 128;
  static constexpr std::size_t kTexts = 6;
  static constexpr std::size_t kTextBytesMax = 255;

  void U8(std::uint8_t value) { bytes_[size_++] = static_cast<char>(value); }
  void U32(std::uint32_t value);
  void U64(std::uint64_t value);
  void I64(std::int64_t value) { U64(static_cast<std::uint64_t>(value)); }
  void Text(std::string_view value);

  std::array<char, kHashBytes + kFixedBytes + kTexts*(kTextBytesMax + 1) + kHashBytes> bytes_;
  std::size_t size_ = kHashBytes;
};

inline constexpr std::uint8_t kUsageContentsVersion = 2;

// Reads the rest of a stored entry after its hash and version: all of it, to the end of the record.
// False for what was not written by UsageContents.
bool ReadUsageEntry(std::string_view rest, Entry& entry);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_USAGE_ENTRY_H_
