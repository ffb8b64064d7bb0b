// How a journal entry is encoded, and the hash that chains it to the one before.
//
//   hash(n) = SHA-256(hash(n - 1) || contents(n)),  hash(0) = 32 zero bytes
//
// so that whoever holds the newest hash can prove that no earlier entry was changed or removed.
// The stored form is hash || contents, and of usage the record behind it, which the contents name
// by its digest; the layout is in docs/formats/journal.md.  Pure.
#ifndef TOLLGATE_BILLING_LEDGER_ENTRY_CODEC_H_
#define TOLLGATE_BILLING_LEDGER_ENTRY_CODEC_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "billing/ledger/entry.h"

namespace tollgate::billing {

// Everything of the entry but its hash, and but the record of usage.  REQUIRED: the texts of
// `entry.usage` pass CheckUsageTexts().
std::string EncodeEntryContents(const Entry& entry);

// The hash of an entry that follows the one with hash `former`.
Sha256Digest ChainHash(const Sha256Digest& former, std::string_view contents);

// The stored form.
std::string EncodeEntry(const Entry& entry);

// Inverts EncodeEntry().  DataLoss for anything it did not write.  Does not check the hash.
absl::StatusOr<Entry> DecodeEntry(std::string_view stored);

// What two transfers under one idempotency key must agree in: all but the key and the actor.
Sha256Digest ContentsDigest(const Transfer& transfer);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_ENTRY_CODEC_H_
