#include "billing/audit/store_audit.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "billing/audit/journal_fold.h"
#include "billing/audit/usage_audit.h"
#include "billing/ingest/usage_postings.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/rocksdb_database.h"
#include "billing/store/row_codec.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::billing {
namespace {

using usage::v1::UsageRecord;

constexpr std::uint64_t kRowsBetweenProgress = 10'000;

std::string LanePlace(const LaneKey& lane) {
  return absl::StrCat("node ", lane.node_id, ", incarnation ", lane.incarnation, ", lane ",
                      lane.lane);
}

// Where the store is: in the folder, or where the programs put it below their data_dir.
std::string FindStore(const std::string& folder) {
  for (const char* below : {"", "/ledger", "/billing/ledger"}) {
    struct stat info {};
    if (::stat((folder + below + "/CURRENT").c_str(), &info) == 0) return folder + below;
  }
  return folder;
}

// One pass over the store, part by part.
class Auditor {
 public:
  Auditor(const RocksdbDatabase& database, const AuditProgress& progress)
      : database_(database),
        progress_(progress),
        fold_(report_),
        usage_(report_, [this](const std::string& id) { return ReadPrice(id); }) {}

  absl::StatusOr<AuditReport> Run() {
    TG_RETURN_IF_ERROR(ReadConfig());
    TG_RETURN_IF_ERROR(ReadJournal());
    TG_RETURN_IF_ERROR(ReadIndex());
    TG_RETURN_IF_ERROR(ReadUsage());
    TG_RETURN_IF_ERROR(ReadGenerations());
    TG_RETURN_IF_ERROR(ReadBalances());
    TG_RETURN_IF_ERROR(ReadAppliedKeys());
    TG_RETURN_IF_ERROR(ReadLeases());
    TG_RETURN_IF_ERROR(ReadAccounts());
    return std::move(report_);
  }

 private:
  using Row = std::function<absl::Status(std::string_view key, std::string_view value)>;

  absl::Status ForEach(Family family, std::string_view part, const Row& row);
  absl::StatusOr<std::string> ReadPrice(const std::string& id) const;
  absl::Status ReadConfig();
  absl::Status ReadJournal();
  absl::Status AddUsageEntry(const Entry& entry);
  void SettleLease(const Entry& entry, const RecordKey& key, const UsageRecord& record);
  absl::Status ReadIndex();
  absl::Status ReadUsage();
  absl::Status CheckUsageRow(const RecordKey& key, std::string_view bytes);
  absl::Status ReadWatermarks();
  absl::Status ReadGenerations();
  absl::Status ReadBalances();
  absl::Status ReadAppliedKeys();
  absl::Status ReadLeases();
  absl::Status ReadAccounts();
  void CheckWallet(const AccountRow& row, const std::string& workspace);
  void CheckBudget(const AccountRow& row);

  const RocksdbDatabase& database_;
  const AuditProgress& progress_;
  AuditReport report_;
  JournalFold fold_;
  UsageAudit usage_;
  std::map<std::string, Money> charged_by_account_;  // Of budgets: Σ charges of records.
  std::map<std::string, Money> outstanding_;         // By capped account: Σ over its leases.
  std::map<LaneKey, std::uint64_t> lane_ends_;       // The last record of each lane.
  std::map<std::string, std::string> old_prices_;    // From configurations that kept no versions.
  std::map<std::string, Money> hard_limits_;         // Of budgets, by id, as they are now.
  std::uint64_t entries_ = 0;
  std::uint64_t usage_entries_ = 0;
  std::uint64_t usage_rows_ = 0;
};

absl::Status Auditor::ForEach(Family family, std::string_view part, const Row& row) {
  std::uint64_t done = 0;
  const absl::Status status = database_.Scan(
      family, "", [&](std::string_view key, std::string_view value) -> absl::StatusOr<bool> {
        TG_RETURN_IF_ERROR(row(key, value));
        if (++done % kRowsBetweenProgress == 0 && progress_) {
          progress_(part, done, database_.EstimateRows(family));
        }
        return true;
      });
  if (progress_) progress_(part, done, done);
  return status;
}

// What budgets there are; and price versions, which stores that were begun before versions were kept
// have in their last configuration.
absl::Status Auditor::ReadConfig() {
  constexpr std::string_view kResources = "resource/";
  return ForEach(Family::kConfig, "config", [&](std::string_view key, std::string_view value) {
    config::v1::Resource resource;
    if (!key.starts_with(kResources)) return absl::OkStatus();
    if (!resource.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
      return absl::DataLossError("the store holds an unreadable configuration");
    }
    if (resource.budget().hard()) {
      hard_limits_[resource.budget().id()] =
          Money::FromNanoUsd(resource.budget().limit_nano_usd());
    }
    for (const pricing::v1::PriceVersion& version : resource.offering().price_versions()) {
      old_prices_.emplace(version.id(), version.SerializeAsString());
    }
    return absl::OkStatus();
  });
}

absl::StatusOr<std::string> Auditor::ReadPrice(const std::string& id) const {
  absl::StatusOr<std::string> kept = database_.Get(Family::kPriceVersions, id);
  if (kept.ok()) return kept;
  const auto found = old_prices_.find(id);
  if (found == old_prices_.end()) return absl::NotFoundError("no such price version");
  return found->second;
}

absl::Status Auditor::ReadJournal() {
  return ForEach(
      Family::kJournal, "journal",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        ++entries_;
        absl::StatusOr<Entry> entry = DecodeEntry(value);
        TG_ASSIGN_OR_RETURN(const std::uint64_t sequence, SequenceAtEnd(key));
        if (!entry.ok() || entry->sequence != sequence) {
          report_.Differ(AuditCheck::kJ2, absl::StrCat("entry ", sequence), "a readable entry",
                         entry.ok() ? absl::StrCat("entry ", entry->sequence, " in its place")
                                    : std::string(entry.status().message()));
          return absl::OkStatus();
        }
        fold_.Add(*entry);
        report_.Expect(AuditCheck::kJ2,
                       database_
                           .Get(Family::kJournalByWorkspace,
                                WorkspaceEntryKey(entry->transfer.workspace_id,
                                                  entry->transfer.kind, entry->sequence))
                           .ok(),
                       [&] { return EntryPlace(*entry); }, "listed with its workspace",
                       "not listed");
        return entry->transfer.kind == EntryKind::kUsage ? AddUsageEntry(*entry)
                                                         : absl::OkStatus();
      });
}

// The record that an entry was made of, by its key.
std::optional<RecordKey> RecordOf(const std::string& idempotency_key) {
  const std::vector<std::string> parts = absl::StrSplit(idempotency_key, '/');
  RecordKey key;
  if (parts.size() != 5 || parts[0] != "usage" ||
      !absl::SimpleAtoi(parts[2], &key.lane.incarnation) ||
      !absl::SimpleAtoi(parts[3], &key.lane.lane) || !absl::SimpleAtoi(parts[4], &key.sequence)) {
    return std::nullopt;
  }
  key.lane.node_id = parts[1];
  return key;
}

absl::Status Auditor::AddUsageEntry(const Entry& entry) {
  ++usage_entries_;
  const std::optional<RecordKey> key = RecordOf(entry.transfer.idempotency_key);
  absl::StatusOr<std::string> bytes = absl::NotFoundError("");
  if (key.has_value()) bytes = database_.Get(Family::kUsage, EncodeRecordKey(*key));
  UsageRecord record;
  const bool readable = bytes.ok() && record.ParseFromString(*bytes);
  report_.Expect(AuditCheck::kJ8, readable, [&] { return EntryPlace(entry); },
                 absl::StrCat("usage record ", entry.transfer.idempotency_key),
                 bytes.ok() ? "an unreadable one" : "none");
  if (!readable) return absl::OkStatus();
  usage_.CompareEntry(entry, record);
  usage_.Recompute(entry, record);
  SettleLease(entry, *key, record);
  return absl::OkStatus();
}

void Auditor::SettleLease(const Entry& entry, const RecordKey& key, const UsageRecord& record) {
  const std::string wallet = WalletAccount(record.workspace_id());
  Money drawn;
  for (const Posting& posting : entry.transfer.postings) {
    if (posting.account == HoldsAccount(record.workspace_id())) drawn = posting.amount;
  }
  bool attributed = drawn.is_zero();
  for (const usage::v1::Hold& hold : record.holds()) {
    if (hold.account() == wallet && hold.leased()) {
      fold_.Settle({wallet, key.lane.node_id, hold.lease_incarnation()},
                   Money::Zero().TrySubtract(drawn).value_or(Money::Max()));
      attributed = true;
    } else if (hold.account() != wallet) {
      Money& sum = charged_by_account_[hold.account()];
      // On the customer's own credential the market cost counts, and nothing is charged.
      const std::int64_t drawn = std::max(record.charge_nano_usd(), hold.drawn_nano_usd());
      sum = sum.TryAdd(Money::FromNanoUsd(drawn)).value_or(Money::Max());
    }
  }
  report_.Expect(AuditCheck::kJ7, attributed, [&] { return EntryPlace(entry); },
                 "a record that names the lease it drew on", "none is named");
}

absl::Status Auditor::ReadIndex() {
  std::uint64_t rows = 0;
  TG_RETURN_IF_ERROR(ForEach(Family::kJournalByWorkspace, "journal index",
                             [&](std::string_view, std::string_view) {
                               ++rows;
                               return absl::OkStatus();
                             }));
  report_.Expect(AuditCheck::kJ2, rows == entries_, [] { return std::string("journal index"); },
                 absl::StrCat(entries_, " rows, one an entry"), absl::StrCat(rows, " rows"));
  return absl::OkStatus();
}

absl::Status Auditor::ReadUsage() {
  TG_RETURN_IF_ERROR(ForEach(Family::kUsage, "usage records",
                             [&](std::string_view key, std::string_view bytes) -> absl::Status {
                               TG_ASSIGN_OR_RETURN(const RecordKey record, DecodeRecordKey(key));
                               return CheckUsageRow(record, bytes);
                             }));
  return ReadWatermarks();
}

absl::Status Auditor::CheckUsageRow(const RecordKey& key, std::string_view bytes) {
  ++usage_rows_;
  const std::string id = UsageIdempotencyKey(key);
  report_.Expect(AuditCheck::kJ8, fold_.HasKey(id),
                 [&] { return absl::StrCat("usage record ", id); }, "one entry", "none");
  std::uint64_t& last = lane_ends_[key.lane];
  report_.Expect(AuditCheck::kJ8, key.sequence == last + 1, [&] { return LanePlace(key.lane); },
                 absl::StrCat("record ", last + 1), absl::StrCat("record ", key.sequence));
  last = key.sequence;
  const absl::StatusOr<std::string> digest = database_.Get(Family::kDigests, DigestKey(key));
  if (!digest.ok()) return absl::OkStatus();  // Of a closed incarnation.
  TG_ASSIGN_OR_RETURN(const DigestRow row, DecodeDigest(DigestKey(key), *digest));
  if (row.record.sequence != key.sequence) return absl::OkStatus();  // Of a later record.
  report_.Expect(AuditCheck::kJ8, row.digest == Shorten(Sha256(bytes)),
                 [&] { return absl::StrCat("usage record ", id); },
                 "the contents that were acknowledged", "others");
  return absl::OkStatus();
}

absl::Status Auditor::ReadWatermarks() {
  TG_RETURN_IF_ERROR(ForEach(
      Family::kWatermarks, "watermarks",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const LaneRow row, DecodeLane(key, value));
        const auto found = lane_ends_.find(row.lane);
        const std::uint64_t end = found == lane_ends_.end() ? 0 : found->second;
        report_.Expect(AuditCheck::kJ8, row.watermark == end, [&] { return LanePlace(row.lane); },
                       absl::StrCat("watermark ", end, ", its last record"),
                       absl::StrCat("watermark ", row.watermark));
        if (found != lane_ends_.end()) lane_ends_.erase(found);
        return absl::OkStatus();
      }));
  for (const auto& [lane, end] : lane_ends_) {
    report_.Differ(AuditCheck::kJ8, LanePlace(lane), absl::StrCat("watermark ", end), "none");
  }
  return absl::OkStatus();
}

absl::Status Auditor::ReadGenerations() {
  std::uint64_t rows = 0;
  TG_RETURN_IF_ERROR(ForEach(
      Family::kGenerations, "generations",
      [&](std::string_view, std::string_view record) -> absl::Status {
        ++rows;
        report_.Expect(AuditCheck::kJ8, database_.Get(Family::kUsage, record).ok(),
                       [&] { return absl::StrCat("generation index, row ", rows); },
                       "a usage record", "none");
        return absl::OkStatus();
      }));
  report_.Expect(AuditCheck::kJ8, rows == usage_rows_ && usage_rows_ == usage_entries_,
                 [] { return std::string("usage"); },
                 absl::StrCat(usage_rows_, " records, as many entries and index rows"),
                 absl::StrCat(usage_entries_, " entries, ", rows, " index rows"));
  return absl::OkStatus();
}

absl::Status Auditor::ReadBalances() {
  std::map<std::string, Money> expected = fold_.balances();
  __int128 sum = 0;
  TG_RETURN_IF_ERROR(ForEach(
      Family::kBalances, "balances",
      [&](std::string_view account, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const Money balance, DecodeMoney(value));
        sum += balance.nano_usd();
        const auto place = [&] { return absl::StrCat("account ", AbslView(account)); };
        const auto found = expected.find(std::string(account));
        report_.ExpectEqual(AuditCheck::kJ3,
                            found == expected.end() ? Money::Zero() : found->second, balance,
                            place);
        if (found != expected.end()) expected.erase(found);
        return absl::OkStatus();
      }));
  for (const auto& [account, balance] : expected) {
    report_.Differ(AuditCheck::kJ3, absl::StrCat("account ", account), balance.ToFixedUsdString(),
                   "no balance");
  }
  report_.Expect(AuditCheck::kJ4, sum == 0, [] { return std::string("all accounts"); },
                 "a sum of zero", absl::StrCat(static_cast<std::int64_t>(sum), " nano-USD"));
  return absl::OkStatus();
}

absl::Status Auditor::ReadAppliedKeys() {
  std::uint64_t rows = 0;
  TG_RETURN_IF_ERROR(ForEach(
      Family::kIdempotency, "idempotency keys",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        ++rows;
        TG_ASSIGN_OR_RETURN(const AppliedKey row, DecodeAppliedKey(key, value));
        const auto place = [&] { return absl::StrCat("idempotency key ", AbslView(key)); };
        const absl::StatusOr<std::string> stored =
            database_.Get(Family::kJournal, SequenceKey(row.sequence));
        const absl::StatusOr<Entry> entry =
            stored.ok() ? DecodeEntry(*stored) : absl::StatusOr<Entry>(stored.status());
        report_.Expect(AuditCheck::kJ6,
                       entry.ok() && entry->transfer.idempotency_key == key &&
                           RemembersKey(entry->transfer.kind),
                       place, absl::StrCat("entry ", row.sequence, " under this key"),
                       "another or none");
        if (!entry.ok()) return absl::OkStatus();
        report_.Expect(AuditCheck::kJ6, ContentsDigest(entry->transfer) == row.contents, place,
                       absl::StrCat("the contents of entry ", row.sequence), "others");
        return absl::OkStatus();
      }));
  report_.Expect(AuditCheck::kJ6, rows == fold_.remembered_keys(),
                 [] { return std::string("idempotency keys"); },
                 absl::StrCat(fold_.remembered_keys(), " remembered"), absl::StrCat(rows));
  return absl::OkStatus();
}

absl::Status Auditor::ReadLeases() {
  std::map<LeaseKey, LeaseTotals> expected = fold_.leases();
  TG_RETURN_IF_ERROR(ForEach(
      Family::kLeases, "leases",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const LeaseRow row, DecodeLease(key, value));
        const Money outstanding = OutstandingOf(row.totals);
        const auto place = [&] {
          return absl::StrCat("lease of node ", row.key.node_id, "/", row.key.incarnation, " on ",
                              row.key.account);
        };
        report_.Expect(AuditCheck::kJ7,
                       !outstanding.is_negative() && (!row.closed || outstanding.is_zero()), place,
                       row.closed ? "nothing outstanding, since it is closed" : "zero or more",
                       absl::StrCat(outstanding.ToFixedUsdString(), " USD outstanding"));
        Money& sum = outstanding_[row.key.account];
        sum = sum.TryAdd(outstanding).value_or(Money::Max());
        const auto found = expected.find(row.key);
        if (found != expected.end()) {
          const LeaseTotals& folded = found->second;
          report_.ExpectEqual(AuditCheck::kJ7, folded.granted, row.totals.granted,
                              [&] { return place() + ", granted"; });
          report_.ExpectEqual(AuditCheck::kJ7, folded.released, row.totals.released,
                              [&] { return place() + ", released"; });
          report_.ExpectEqual(AuditCheck::kJ7, folded.settled, row.totals.settled,
                              [&] { return place() + ", settled"; });
          expected.erase(found);
        }
        return absl::OkStatus();
      }));
  // A lease that is over is removed in time; by then it must be even.
  for (const auto& [key, totals] : expected) {
    report_.ExpectEqual(AuditCheck::kJ7, Money::Zero(), OutstandingOf(totals), [&key = key] {
      return absl::StrCat("lease of node ", key.node_id, "/", key.incarnation, " on ", key.account,
                          ", which was removed");
    });
  }
  return absl::OkStatus();
}

absl::Status Auditor::ReadAccounts() {
  TG_RETURN_IF_ERROR(ForEach(
      Family::kAccounts, "accounts",
      [&](std::string_view name, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const AccountRow row, DecodeAccount(name, value));
        report_.ExpectEqual(AuditCheck::kJ7, outstanding_[row.account], row.outstanding, [&] {
          return absl::StrCat("account ", row.account, ", outstanding over its leases");
        });
        outstanding_.erase(row.account);
        const std::optional<AccountRef> ref = ParseAccountRef(row.account);
        if (ref.has_value() && ref->kind == AccountKind::kWallet) {
          CheckWallet(row, ref->id);
        } else {
          CheckBudget(row);
        }
        return absl::OkStatus();
      }));
  for (const auto& [account, amount] : outstanding_) {
    report_.ExpectEqual(AuditCheck::kJ7, Money::Zero(), amount, [&account = account] {
      return absl::StrCat("leases on account ", account, ", which has no row");
    });
  }
  return absl::OkStatus();
}

void Auditor::CheckWallet(const AccountRow& row, const std::string& workspace) {
  const auto found = fold_.wallets().find(workspace);
  const JournalFold::Wallet sums =
      found == fold_.wallets().end() ? JournalFold::Wallet{} : found->second;
  const auto place = [&](const char* what) {
    return [&row, what] { return absl::StrCat("account ", row.account, ", ", what); };
  };
  report_.ExpectEqual(AuditCheck::kJ3, sums.credited, row.credited, place("credited"));
  report_.ExpectEqual(AuditCheck::kJ3, sums.settled, row.settled, place("settled"));
  const Money used = row.settled.TryAdd(row.outstanding).value_or(Money::Max());
  report_.Expect(AuditCheck::kJ5, used <= row.credited, place("settled and outstanding"),
                 absl::StrCat("at most the ", row.credited.ToFixedUsdString(), " USD paid in"),
                 absl::StrCat(used.ToFixedUsdString(), " USD"));
}

// A budget's limit may have been lowered since: what stands is that its spend is its records'.
void Auditor::CheckBudget(const AccountRow& row) {
  const auto found = charged_by_account_.find(row.account);
  const Money charged = found == charged_by_account_.end() ? Money::Zero() : found->second;
  report_.Expect(AuditCheck::kJ5, row.settled <= charged,
                 [&] { return absl::StrCat("account ", row.account, ", settled"); },
                 absl::StrCat("at most the ", charged.ToFixedUsdString(), " USD of its records"),
                 absl::StrCat(row.settled.ToFixedUsdString(), " USD"));
  const std::optional<AccountRef> ref = ParseAccountRef(row.account);
  const auto limit = ref.has_value() ? hard_limits_.find(ref->id) : hard_limits_.end();
  if (limit == hard_limits_.end()) return;
  const Money used = row.settled.TryAdd(row.outstanding).value_or(Money::Max());
  if (used > limit->second) {
    report_.Note(absl::StrCat(row.account, ": ", used.ToFixedUsdString(),
                              " USD settled and outstanding, above its limit of ",
                              limit->second.ToFixedUsdString(),
                              " USD as it is now: right only if it was lowered"));
  }
}

}  // namespace

absl::StatusOr<AuditReport> AuditStore(const std::string& folder, const AuditProgress& progress) {
  TG_ASSIGN_OR_RETURN(const std::unique_ptr<RocksdbDatabase> database,
                      RocksdbDatabase::OpenReadOnly(FindStore(folder)));
  return Auditor(*database, progress).Run();
}

}  // namespace tollgate::billing
