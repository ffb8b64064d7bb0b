// What the journal consists of: entries of two or more postings that sum to zero.
//
// Signs: a posting's amount is added to its account.  Accounts of what we owe or have earned
// (wallet, holds, revenue, payable) grow by positive amounts; those of what we own or have spent
// (cash, cost, overrun, loss) by negative ones.  The sum over all accounts is always zero.
#ifndef TOLLGATE_BILLING_LEDGER_ENTRY_H_
#define TOLLGATE_BILLING_LEDGER_ENTRY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/time.h"
#include "base/digest.h"
#include "base/money.h"
#include "billing/ledger/record_key.h"

namespace tollgate::billing {

// The numbers are stored: never change them.
enum class EntryKind : std::uint8_t {
  kTopUp = 1,         // Money from outside.
  kAdjustment = 2,    // A correction by hand.
  kUsage = 3,         // The charge and the upstream cost of one attempt.
  kLeaseGrant = 4,    // Wallet to holds.
  kLeaseRelease = 5,  // Holds to wallet.
  kLoss = 6,          // What a lost lease may have spent, taken over by the operator.
  kRefund = 7,        // A charge given back.
  kCredit = 8,        // Promotional credit.
  kCreditExpiry = 9,  // Promotional credit that was not spent in time.
  kResolution = 10,   // A lost lease that an operator gave up, of whatever account.
};

inline constexpr EntryKind kAllEntryKinds[] = {
    EntryKind::kTopUp,        EntryKind::kAdjustment, EntryKind::kUsage,  EntryKind::kLeaseGrant,
    EntryKind::kLeaseRelease, EntryKind::kLoss,       EntryKind::kRefund, EntryKind::kCredit,
    EntryKind::kCreditExpiry, EntryKind::kResolution};
// One more than the greatest number: the size of an array by kind.
inline constexpr std::size_t kEntryKindsEnd = 11;

// Whether an entry of this kind is written though nothing moves: what it says happened all the
// same.
inline bool MayMoveNothing(EntryKind kind) {
  return kind == EntryKind::kUsage || kind == EntryKind::kResolution;
}

// "top_up", "adjustment", …: for metrics and messages.
std::string_view EntryKindName(EntryKind kind);

struct Posting {
  std::string account;
  Money amount;

  friend bool operator==(const Posting&, const Posting&) = default;
};

// What somebody asks the ledger to write.
struct Transfer {
  EntryKind kind = EntryKind::kTopUp;
  std::string workspace_id;     // Empty for a resolution.
  std::string idempotency_key;  // Unique over the journal; 1..kIdempotencyKeyBytesMax.
  std::vector<Posting> postings;
  std::string description;
  std::string generation_id;  // Of usage; else empty.
  // Who asked for it, for the record: a repetition by somebody else is a repetition.
  std::string actor = {};

  friend bool operator==(const Transfer&, const Transfer&) = default;
};

// What a usage entry is made of: the record, and what the books made of it (usage_entry.h).
struct UsageEntry {
  RecordKey key;
  std::uint32_t attempt = 0;
  Money charge;
  Money cost;
  Money leased;
  Money credit;
  std::string workspace_id;
  std::string key_id;
  std::string generation_id;
  std::string model_id;
  std::string provider_id;
  std::string record;   // As the node wrote it.
  Sha256Digest digest;  // Of the record, as the entry states it.

  friend bool operator==(const UsageEntry&, const UsageEntry&) = default;
};

// What the ledger wrote.
struct Entry {
  std::uint64_t sequence = 0;  // From 1, dense.
  absl::Time time;             // Strictly increasing, whole nanoseconds.
  Transfer transfer;
  Money balance;      // wallet + holds of the workspace after the entry.
  Sha256Digest hash;  // See entry_codec.h.
  // Of an entry that a record made: all of `transfer` follows from it.
  std::optional<UsageEntry> usage = std::nullopt;

  friend bool operator==(const Entry&, const Entry&) = default;
};

inline constexpr std::size_t kIdempotencyKeyBytesMax = 256;
inline constexpr std::size_t kAccountNameBytesMax = 256;
inline constexpr std::size_t kDescriptionBytesMax = 1024;
inline constexpr std::size_t kActorBytesMax = 128;
inline constexpr std::size_t kPostingsMax = 16;

// The names of the ledger's accounts.
std::string WalletAccount(std::string_view workspace_id);  // What can still be leased.
std::string HoldsAccount(std::string_view workspace_id);   // What leases hold of it.
std::string RevenueAccount(std::string_view model_id);     // What customers paid for a model.
std::string CostAccount(std::string_view provider_id);     // What its providers' work costs.
std::string PayableAccount(std::string_view provider_id);  // What we owe them.
// How much of wallet and holds is promotional credit; what is on it stands against kCreditUnspent.
std::string CreditAccount(std::string_view workspace_id);
inline constexpr std::string_view kCreditUnspentAccount = "credit_unspent";
// How much of a capped account was freed by operators without knowing what was spent of it; what is
// on it stands against kResolutions.
std::string ResolvedAccount(std::string_view capped_account);
inline constexpr std::string_view kResolutionsAccount = "resolutions";
inline constexpr std::string_view kPromotionalAccount = "promotional";  // What credit has cost.
inline constexpr std::string_view kRefundsAccount = "refunds";          // Charges given back.
inline constexpr std::string_view kCashAccount = "cash";                // Money from outside.
inline constexpr std::string_view kAdjustmentsAccount = "adjustments";
inline constexpr std::string_view kOverrunAccount = "overrun";  // Charges beyond what was leased.
inline constexpr std::string_view kLossAccount = "loss";
// The other side of a loss: what providers may still claim for attempts nobody reported.
inline constexpr std::string_view kUnreportedProvider = "unreported";

// 1..kAccountNameBytesMax printable ASCII characters without blanks.
bool IsValidAccountName(std::string_view name);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_ENTRY_H_
