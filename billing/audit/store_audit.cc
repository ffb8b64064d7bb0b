#include "billing/audit/store_audit.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "billing/audit/account_audit.h"
#include "billing/audit/chunk_reader.h"
#include "billing/audit/journal_fold.h"
#include "billing/audit/key_audit.h"
#include "billing/audit/lane_audit.h"
#include "billing/audit/request_audit.h"
#include "billing/audit/usage_audit.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/rocksdb_database.h"
#include "billing/store/row_chunk.h"
#include "billing/store/row_codec.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::billing {
namespace {

using usage::v1::UsageRecord;

// Where the store is: in the folder, or where the programs put it below their data_dir.
std::string FindStore(const std::string& folder) {
  for (const char* below : {"", "/ledger", "/billing/ledger"}) {
    struct stat info {};
    if (::stat((folder + below + "/CURRENT").c_str(), &info) == 0) return folder + below;
  }
  return folder;
}

// Once over the store, part by part: the journal first, which says what all else must be.
class Auditor {
 public:
  Auditor(const RocksdbDatabase& database, const AuditOptions& options)
      : database_(database),
        options_(options),
        scan_(database, options.progress),
        listed_(database, Family::kJournalByWorkspace),
        accounts_(scan_, report_, limits_),
        fold_(report_, accounts_.leases()),
        lanes_(scan_, report_),
        usage_(
            report_, [this](const std::string& id) { return ReadPrice(id); }, rules_),
        requests_(scan_, report_),
        keys_(scan_, report_) {}

  absl::StatusOr<AuditReport> Run() {
    TG_RETURN_IF_ERROR(ReadConfig());
    TG_RETURN_IF_ERROR(accounts_.LoadLeases());
    parts_ = 1 + std::max(database_.EstimateRows(Family::kAccounts),
                          database_.EstimateRows(Family::kKeyTotals)) /
                     options_.accounts_a_pass;
    BeginPart(0);
    TG_RETURN_IF_ERROR(ReadJournal());
    TG_RETURN_IF_ERROR(ReadIndex());
    TG_RETURN_IF_ERROR(ReadBalances());
    TG_RETURN_IF_ERROR(requests_.ReadRows(fold_.balances()));
    TG_RETURN_IF_ERROR(ReadUsageAndAccounts());
    TG_RETURN_IF_ERROR(ReadOutbox());
    return std::move(report_);
  }

 private:
  absl::StatusOr<std::string> ReadPrice(const std::string& id) const;
  absl::Status ReadConfig();
  absl::Status ReadJournal();
  absl::Status AddEntry(std::uint64_t sequence, std::string_view stored);
  absl::Status AddUsageEntry(const Entry& entry);
  void SettleLease(const Entry& entry, const UsageRecord& record);
  absl::Status ReadIndex();
  absl::Status ReadBalances();
  // What a pass over the records sums up.
  void BeginPart(std::size_t part);
  void AddToPart(const Entry& entry, const UsageRecord& record);
  absl::Status CheckPart(bool first);
  absl::Status ReadUsageAndAccounts();
  absl::Status ReadOutbox();

  const RocksdbDatabase& database_;
  const AuditOptions& options_;
  AuditReport report_;
  LimitsById limits_;
  PriceRules rules_;
  std::map<std::string, std::string> old_prices_;  // In the configuration and not kept apart.
  StoreScan scan_;
  NumberReader listed_;
  AccountAudit accounts_;
  JournalFold fold_;
  LaneAudit lanes_;
  UsageAudit usage_;
  RequestAudit requests_;
  DrawnSums drawn_;
  KeyAudit keys_;
  std::size_t parts_ = 1;  // Passes over the records, for the two above.
  std::uint64_t entries_ = 0;
};

// What budgets there are, and all versions of price rules; and of those and of prices what stores
// that were begun before versions were kept have in their last configuration.
absl::Status Auditor::ReadConfig() {
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kPriceRules, "price rules", [&](std::string_view key, std::string_view value) {
        config::v1::PriceRule rule;
        if (!rule.ParseFromArray(value.data(), static_cast<int>(value.size())) ||
            rule.version() != key) {
          return absl::DataLossError("the store holds an unreadable version of a price rule");
        }
        rules_.Add(rule);
        return absl::OkStatus();
      }));
  constexpr std::string_view kResources = "resource/";
  return scan_.ForEach(
      Family::kConfig, "config", [&](std::string_view key, std::string_view value) {
        config::v1::Resource resource;
        if (!key.starts_with(kResources)) return absl::OkStatus();
        if (!resource.ParseFromArray(value.data(), static_cast<int>(value.size()))) {
          return absl::DataLossError("the store holds an unreadable configuration");
        }
        const config::v1::Budget& budget = resource.budget();
        if (budget.hard()) {
          Money limit = Money::FromNanoUsd(budget.limit_nano_usd());
          for (const config::v1::Budget::Raise& raise : budget.raises()) {
            limit =
                limit.TryAdd(Money::FromNanoUsd(raise.amount_nano_usd())).value_or(Money::Max());
          }
          limits_[budget.id()] = limit;
        }
        if (resource.has_price_rule()) rules_.Add(resource.price_rule());
        for (const pricing::v1::PriceVersion& version : resource.offering().price_versions()) {
          if (database_.Get(Family::kPriceVersions, version.id()).ok()) continue;
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
  return scan_.ForEach(Family::kJournal, "journal",
                       [&](std::string_view key, std::string_view value) -> absl::Status {
                         TG_ASSIGN_OR_RETURN(const std::uint64_t last, SequenceAtEnd(key));
                         const absl::StatusOr<ChunkRows> chunk = ReadRows(value);
                         if (!chunk.ok() || chunk->rows.size() > last) {
                           report_.Differ(AuditCheck::kJ2, absl::StrCat("the entries up to ", last),
                                          "readable entries", "a chunk that is none");
                           return absl::OkStatus();
                         }
                         std::uint64_t sequence = last - chunk->rows.size() + 1;
                         for (const std::string_view row : chunk->rows) {
                           TG_RETURN_IF_ERROR(AddEntry(sequence, row));
                           ++sequence;
                         }
                         return absl::OkStatus();
                       });
}

absl::Status Auditor::AddEntry(std::uint64_t sequence, std::string_view stored) {
  ++entries_;
  const absl::StatusOr<Entry> entry = DecodeEntry(stored);
  if (!entry.ok() || entry->sequence != sequence) {
    report_.Differ(AuditCheck::kJ2, absl::StrCat("entry ", sequence), "a readable entry",
                   entry.ok() ? absl::StrCat("entry ", entry->sequence, " in its place")
                              : std::string(entry.status().message()));
    return absl::OkStatus();
  }
  fold_.Add(*entry);
  TG_ASSIGN_OR_RETURN(
      const bool listed,
      listed_.Has(WorkspaceEntryPrefix(entry->transfer.workspace_id, entry->transfer.kind),
                  entry->sequence));
  report_.Expect(
      AuditCheck::kJ2, listed, [&] { return EntryPlace(*entry); }, "listed with its workspace",
      "not listed");
  TG_RETURN_IF_ERROR(requests_.Take(*entry));
  return entry->transfer.kind == EntryKind::kUsage ? AddUsageEntry(*entry) : absl::OkStatus();
}

absl::Status Auditor::AddUsageEntry(const Entry& entry) {
  TG_ASSIGN_OR_RETURN(const std::optional<UsageRecord> record, lanes_.Take(entry));
  if (!record.has_value()) return absl::OkStatus();
  usage_.CompareEntry(entry, *record);
  usage_.Recompute(entry, *record);
  SettleLease(entry, *record);
  AddToPart(entry, *record);
  return absl::OkStatus();
}

void Auditor::SettleLease(const Entry& entry, const UsageRecord& record) {
  const std::string wallet = WalletAccount(record.workspace_id());
  const Money covered =
      Money::Zero()
          .TrySubtract(ChangeOf(ChangesOf(entry), HoldsAccount(record.workspace_id())))
          .value_or(Money::Max());
  bool attributed = covered.is_zero();
  for (const usage::v1::Hold& hold : record.holds()) {
    if (hold.account() != wallet || !hold.leased()) continue;
    fold_.Settle({wallet, entry.usage->key.lane.node_id, hold.lease_incarnation()}, covered);
    attributed = true;
  }
  report_.Expect(
      AuditCheck::kJ7, attributed, [&] { return EntryPlace(entry); },
      "a record that names the lease it drew on", "none is named");
}

absl::Status Auditor::ReadIndex() {
  std::uint64_t numbers = 0;
  std::string prefix;
  std::uint64_t last = 0;
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kJournalByWorkspace, "journal index",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const std::uint64_t end, SequenceAtEnd(key));
        TG_ASSIGN_OR_RETURN(const std::vector<std::uint64_t> chunk, DecodeNumbers(value));
        const std::string_view run = key.substr(0, key.size() - SequenceKey(end).size());
        if (run != prefix) {
          prefix = run;
          last = 0;
        }
        bool rising = chunk.back() == end;
        for (const std::uint64_t number : chunk) {
          rising = rising && number > last;
          last = number;
          ++numbers;
        }
        report_.Expect(
            AuditCheck::kJ2, rising,
            [&] { return absl::StrCat("journal index, row that ends with ", end); },
            "rising numbers", "others");
        return absl::OkStatus();
      }));
  report_.Expect(
      AuditCheck::kJ2, numbers == entries_, [] { return std::string("journal index"); },
      absl::StrCat(entries_, " numbers, one an entry"), absl::StrCat(numbers, " numbers"));
  return absl::OkStatus();
}

absl::Status Auditor::ReadBalances() {
  std::map<std::string, Money> expected = fold_.balances();
  __int128 sum = 0;
  TG_RETURN_IF_ERROR(scan_.ForEach(
      Family::kBalances, "balances",
      [&](std::string_view key, std::string_view value) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const Money balance, DecodeMoney(value));
        sum += balance.nano_usd();
        const std::string account(key);
        const auto found = expected.find(account);
        report_.ExpectEqual(AuditCheck::kJ3,
                            found == expected.end() ? Money::Zero() : found->second, balance,
                            [&] { return absl::StrCat("account ", account); });
        if (found != expected.end()) expected.erase(found);
        return absl::OkStatus();
      }));
  for (const auto& [account, balance] : expected) {
    report_.ExpectEqual(AuditCheck::kJ3, balance, Money::Zero(), [&account = account] {
      return absl::StrCat("account ", account, ", which has no balance");
    });
  }
  report_.Expect(
      AuditCheck::kJ4, sum == 0, [] { return std::string("all accounts"); }, "a sum of zero",
      absl::StrCat("a sum of ", static_cast<std::int64_t>(sum), " nano-USD"));
  return absl::OkStatus();
}

void Auditor::BeginPart(std::size_t part) {
  drawn_.Begin(part, parts_);
  keys_.Begin(part, parts_);
}

void Auditor::AddToPart(const Entry& entry, const UsageRecord& record) {
  drawn_.Add(record);
  keys_.Add(entry, record);
}

absl::Status Auditor::CheckPart(bool first) {
  TG_RETURN_IF_ERROR(accounts_.ReadAccounts(fold_, drawn_, first));
  return keys_.ReadRows();
}

absl::Status Auditor::ReadUsageAndAccounts() {
  fold_.CheckLosses();
  TG_RETURN_IF_ERROR(lanes_.ReadRows());
  accounts_.CheckLeases(fold_, lanes_.incarnations());
  TG_RETURN_IF_ERROR(CheckPart(/*first=*/true));
  for (std::size_t part = 1; part < parts_; ++part) {
    BeginPart(part);
    TG_RETURN_IF_ERROR(scan_.ForEach(Family::kJournal, "usage records, for accounts",
                                     [&](std::string_view, std::string_view value) -> absl::Status {
                                       TG_ASSIGN_OR_RETURN(const ChunkRows chunk, ReadRows(value));
                                       for (const std::string_view row : chunk.rows) {
                                         const absl::StatusOr<Entry> entry = DecodeEntry(row);
                                         UsageRecord record;
                                         if (entry.ok() && entry->usage.has_value() &&
                                             record.ParseFromString(entry->usage->record)) {
                                           AddToPart(*entry, record);
                                         }
                                       }
                                       return absl::OkStatus();
                                     }));
    TG_RETURN_IF_ERROR(CheckPart(/*first=*/false));
  }
  return absl::OkStatus();
}

// Messages to webhooks move no money; but they must be there to be sent.
absl::Status Auditor::ReadOutbox() {
  return scan_.ForEach(Family::kOutbox, "outbox", [](std::string_view key, std::string_view value) {
    return DecodeMessage(key, value).status();
  });
}

}  // namespace

absl::StatusOr<AuditReport> AuditStore(const std::string& folder, const AuditOptions& options) {
  TG_ASSIGN_OR_RETURN(const std::unique_ptr<RocksdbDatabase> database,
                      RocksdbDatabase::OpenReadOnly(FindStore(folder)));
  return Auditor(*database, options).Run();
}

}  // namespace tollgate::billing
