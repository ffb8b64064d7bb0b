// A billing store with a bit of everything in it, for tests that break one thing of it and look
// whether the audit finds it.
#ifndef TOLLGATE_TESTS_BILLING_AUDIT_AUDITED_STORE_H_
#define TOLLGATE_TESTS_BILLING_AUDIT_AUDITED_STORE_H_

#include <rocksdb/write_batch.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "billing/audit/store_audit.h"
#include "billing/books/books.h"
#include "billing/store/rocksdb_database.h"
#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"
#include "tollgate/config/v1/config.pb.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::billing {

inline constexpr std::int64_t kInputPico = 2'000'000;
inline constexpr std::int64_t kOutputPico = 10'000'000;
inline constexpr std::int64_t kHeld = 1'000'000;  // On each account, by each attempt.
inline constexpr std::int64_t kMarkUpPpm = 300'000;
inline constexpr std::int64_t kLaterMarkUpPpm = 400'000;
inline const RecordKey kFirstRecord{{"n", 1, 0}, 1};
inline const RecordKey kLastRecord{{"n", 2, 0}, 1};
inline constexpr const char* kTemplateAccount = "budget/t/all/key_1";
inline constexpr const char* kRunAccount = "run/ws_1/run_a";
inline constexpr Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }

// The price rule rule_1, of workspace ws_1 and providers p and q, as it was and as it became.
config::v1::PriceRule Rule(std::int64_t adjust_ppm);

// The serialized price version pv_1.
std::string Prices();

// A record of that many tokens at pv_1, which held on the wallet and on budget b.
usage::v1::UsageRecord Record(int number, std::int64_t input, std::int64_t output);

// A price rule that was changed after it was used.  Money in, given and corrected, two promotional
// credits, of which one is over; leases on accounts of each kind that were granted, given back,
// closed and lost; usage that was reported (1), interrupted (2), for nothing (3), unreadable (4),
// marked up (5), on the customer's own credential (6) and beyond its hold (7), all of incarnation
// 1, and one of incarnation 2 (8); refunds of 1 and 5; a refused request; an alert.
class StoreAuditTest : public testing::Test {
 protected:
  static void SetUpTestSuite();
  static void TearDownTestSuite();
  void SetUp() override;

  // Changes rows behind the store's back.
  void Break(const std::function<void(RocksdbDatabase&, rocksdb::WriteBatch&)>& change);
  void Put(Family family, const std::string& key, const std::string& value);
  void Delete(Family family, const std::string& key);
  std::string Get(Family family, const std::string& key);
  AccountRow Account(const std::string& name);

  // Reads the rows of a family of chunks, calls `change` with each, which may take it away, and
  // stores them one by one.
  void RewriteRows(Family family,
                   const std::function<bool(const std::string& key, std::string& row)>& change);
  void RemoveRow(Family family, const std::string& key);
  // Changes an entry, and unless `plainly` chains everything after it anew, as a forger would.
  void Rewrite(std::uint64_t sequence, const std::function<void(Entry&)>& change,
               bool plainly = false);
  // Changes a usage record, and nothing of its entry.
  void RewriteRecord(const RecordKey& key,
                     const std::function<void(usage::v1::UsageRecord&)>& change);
  // The entry of this kind that comes after `skip` others.
  std::uint64_t EntryOf(EntryKind kind, int skip = 0);

  AuditReport Audit(const AuditOptions& options = {});
  // The check finds it, and says so of a place with these words.
  void ExpectFound(AuditCheck check, const std::string& where, const AuditOptions& options = {});
  static void ExpectClean(const AuditReport& report);

  TempDir dir_;
  const std::string folder_ = dir_.File("ledger");

 private:
  void Make(const std::string& folder);
  void FirstNode();
  void LostNode();
  void SecondNode();
  void Want(StreamId stream, const std::string& account, std::int64_t amount, std::int64_t cap = 0);

  static TempDir* good_;
  std::unique_ptr<Books> books_;
  Now now_{absl::FromUnixSeconds(1'767'225'600), MonotonicTime::FromNanoseconds(1)};
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_TESTS_BILLING_AUDIT_AUDITED_STORE_H_
