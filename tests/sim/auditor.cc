#include "tests/sim/auditor.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/string_views.h"
#include "billing/ledger/entry_codec.h"
#include "billing/ledger/usage_entry.h"

namespace tollgate::sim {
namespace {

using billing::Commit;
using billing::Entry;
using billing::EntryKind;
using billing::LeaseKey;

std::string Name(const LeaseKey& key) {
  return absl::StrCat(key.account, " of ", key.node_id.substr(0, 6), "/", key.incarnation);
}

// All that the commit adds to the journal, as it is stored.
std::vector<Entry> EntriesOf(const Commit& commit) {
  std::vector<Entry> entries = commit.entries;
  for (const billing::UsageRun& run : commit.runs) {
    for (const billing::UsageLine& line : run.lines) {
      // Behind the length of the row.
      const std::string_view row = run.View(line.row).substr(sizeof(std::uint32_t));
      absl::StatusOr<Entry> entry = billing::DecodeEntry(row);
      CHECK(entry.ok()) << entry.status();
      entries.push_back(*std::move(entry));
    }
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.sequence < b.sequence; });
  return entries;
}

bool MayNotBeNegative(const std::string& account) {
  return absl::StartsWith(account, "wallet/") || absl::StartsWith(account, "holds/") ||
         absl::StartsWith(account, "credit/");
}

// What the journal calls a resolution, but for its sequence.
std::string ResolutionOf(const LeaseKey& key) {
  return absl::StrCat("resolve/", key.node_id, "/", key.incarnation, "/", key.account, "/");
}

std::set<std::string> ResolutionsIn(const std::vector<Entry>& entries) {
  std::set<std::string> resolutions;
  for (const Entry& entry : entries) {
    if (entry.transfer.kind != EntryKind::kResolution) continue;
    const std::string& key = entry.transfer.idempotency_key;
    resolutions.insert(key.substr(0, key.rfind('/') + 1));
  }
  return resolutions;
}

}  // namespace

void Auditor::OnCommit(const Commit& commit, const billing::Books& books) {
  overruns_.clear();
  counted_.clear();
  const std::vector<Entry> entries = EntriesOf(commit);
  for (const Entry& entry : entries) CheckEntry(entry);
  for (const auto& [account, balance] : commit.balances) {
    if (balances_[account] != balance.nano_usd()) {
      report_.Violation("J3", account, " is stored as ", balance.nano_usd(),
                        ", the journal adds up to ", balances_[account]);
    }
  }
  CheckUsage(entries, commit);
  CheckLanes(commit);
  CheckLeases(commit, ResolutionsIn(entries));
  CheckAccounts(commit, books);
}

void Auditor::CheckEntry(const Entry& entry) {
  if (entry.sequence != last_sequence_ + 1) {
    report_.Violation("J2", "entry ", entry.sequence, " follows ", last_sequence_);
  }
  if (entry.time <= last_time_) report_.Violation("J10", "entry ", entry.sequence, " goes back");
  if (entry.hash != billing::ChainHash(last_hash_, billing::EncodeEntryContents(entry))) {
    report_.Violation("J9", "entry ", entry.sequence, " does not chain");
  }
  last_sequence_ = entry.sequence;
  last_time_ = entry.time;
  last_hash_ = entry.hash;
  __int128 sum = 0;
  for (const billing::Posting& posting : entry.transfer.postings) {
    sum += posting.amount.nano_usd();
    std::int64_t& balance = balances_[posting.account];
    balance += posting.amount.nano_usd();
    if (balance < 0 && MayNotBeNegative(posting.account)) {
      report_.Violation("J5", posting.account, " is ", balance);
    }
  }
  if (sum != 0) report_.Violation("J1", "entry ", entry.sequence, " does not balance");
  if (!idempotency_keys_.insert(entry.transfer.idempotency_key).second) {
    report_.Violation("J6", entry.transfer.idempotency_key, " comes twice");
  }
  switch (entry.transfer.kind) {
    case EntryKind::kUsage:
      return CheckUsageEntry(entry);
    case EntryKind::kLeaseGrant:
    case EntryKind::kLeaseRelease:
    case EntryKind::kLoss:
      return CheckMove(entry);
    default:
      return;
  }
}

void Auditor::CheckUsageEntry(const Entry& entry) {
  std::int64_t charge = 0;
  for (const billing::Posting& posting : entry.transfer.postings) {
    if (absl::StartsWith(posting.account, "revenue/")) charge += posting.amount.nano_usd();
    if (posting.account == billing::kOverrunAccount)
      overruns_[entry.transfer.idempotency_key] = -posting.amount.nano_usd();
  }
  oracle_.Posted(entry.transfer.generation_id, charge);
}

// "grant/<workspace>/<node>/<incarnation>/<total>" and so on.
void Auditor::CheckMove(const Entry& entry) {
  const std::vector<std::string> parts = absl::StrSplit(entry.transfer.idempotency_key, '/');
  std::uint64_t incarnation = 0;
  if (parts.size() != 5 || !absl::SimpleAtoi(parts[3], &incarnation)) {
    report_.Violation("J7", "a move of no lease: ", entry.transfer.idempotency_key);
    return;
  }
  LeaseAudit& lease = leases_[{"wallet/" + parts[1], parts[2], incarnation}];
  const std::int64_t amount = std::abs(entry.transfer.postings.front().amount.nano_usd());
  (entry.transfer.kind == EntryKind::kLeaseGrant ? lease.granted : lease.released) += amount;
}

void Auditor::CheckUsage(const std::vector<Entry>& entries, const Commit& commit) {
  for (const Entry& entry : entries) {
    if (entry.transfer.kind != EntryKind::kUsage) continue;
    const std::string& name = entry.transfer.idempotency_key;
    if (!entry.usage.has_value()) {
      report_.Violation("J8", name, " has no record");
      continue;
    }
    const billing::RecordKey& key = entry.usage->key;
    std::uint64_t& last = lanes_[key.lane];
    if (key.sequence != last + 1) report_.Violation("J8", name, " follows ", last);
    last = key.sequence;
    if (billing::UsageIdempotencyKey(key) != name) {
      report_.Violation("J8", name, " is the record of another");
    }
    if (entry.usage->digest != Sha256(entry.usage->record)) {
      report_.Violation("J8", name, " does not mean its record");
    }
    if (!commit.lanes.lanes.contains(key.lane)) {
      report_.Violation("J8", name, " is written without its watermark");
    }
    CheckDraws(entry);
  }
}

void Auditor::CheckDraws(const Entry& entry) {
  const std::string& name = entry.transfer.idempotency_key;
  usage::v1::UsageRecord record;
  if (!record.ParseFromString(entry.usage->record)) {
    report_.Violation("J8", name, " cannot be read");
    return;
  }
  if (record.charge_nano_usd() != entry.usage->charge.nano_usd()) {
    report_.Violation("J8", name, " is charged otherwise than its record says");
  }
  CheckOverrun(entry, record);
  for (const usage::v1::Hold& hold : record.holds()) {
    const std::int64_t drawn =
        hold.has_drawn_nano_usd() ? hold.drawn_nano_usd() : record.charge_nano_usd();
    if (!hold.leased()) {
      counted_[hold.account()] += drawn;
      continue;
    }
    const LeaseKey key{hold.account(), entry.usage->key.lane.node_id, hold.lease_incarnation()};
    leases_[key].settled += drawn;
  }
}

// What is posted to `overrun` is what the wallet's lease did not cover.  What a record draws on
// other leases beyond what they hold is nowhere posted: CheckLeases() finds it.
void Auditor::CheckOverrun(const Entry& entry, const usage::v1::UsageRecord& record) {
  const auto overrun = overruns_.find(entry.transfer.idempotency_key);
  if (overrun == overruns_.end()) return;
  for (const usage::v1::Hold& hold : record.holds()) {
    if (!hold.leased() || !absl::StartsWith(hold.account(), "wallet/")) continue;
    const LeaseKey key{hold.account(), entry.usage->key.lane.node_id, hold.lease_incarnation()};
    report_.Event("billing", record.generation_id(), " overruns ", Name(key), " by ",
                  overrun->second);
    if (oracle_.Inexact(key)) return;
    report_.Violation("LEDGER", record.generation_id(), " is charged ", overrun->second,
                      " more than ", Name(key), " holds");
    return;
  }
  report_.Violation("LEDGER", record.generation_id(), " is charged ", overrun->second,
                    " beyond any wallet's lease");
}

void Auditor::CheckLanes(const Commit& commit) {
  for (const auto& [key, row] : commit.lanes.lanes) {
    if (lanes_[key] != row.watermark) {
      report_.Violation("J8", "the watermark is ", row.watermark, ", the last record ",
                        lanes_[key]);
    }
  }
}

// A lease ends for ever when its incarnation is closed; of a budget or a run also because it was
// idle, and then one of its name may begin anew, from zero.
void Auditor::CheckRemovedLeases(const Commit& commit) {
  for (const LeaseKey& key : commit.removed_leases) {
    const LeaseAudit lease = std::exchange(leases_[key], {});
    leases_.erase(key);
    if (lease.closed) {
      removed_leases_.insert(key);
      continue;
    }
    const std::int64_t last = lease.totals.outstanding().nano_usd();
    outstanding_[key.account] -= last;
    if (absl::StartsWith(key.account, "wallet/") ||
        (last != 0 && !commit.accounts.contains(key.account))) {
      report_.Violation("J7", Name(key), " was removed before it was closed");
    }
    oracle_.EndLease(key);
  }
}

void Auditor::CheckLeases(const Commit& commit, std::set<std::string> resolutions) {
  CheckRemovedLeases(commit);
  for (const LeaseKey& key : commit.removed_leases) resolutions.erase(ResolutionOf(key));
  for (const auto& [key, row] : commit.leases) {
    if (removed_leases_.contains(key)) report_.Violation("J7", Name(key), " came back");
    LeaseAudit& lease = leases_[key];
    const billing::LeaseTotals& now = row.totals;
    const billing::LeaseTotals before = std::exchange(lease.totals, now);
    if (now.granted < before.granted || now.released < before.released ||
        now.settled < before.settled) {
      report_.Violation("J7", Name(key), ": a total fell");
    }
    if (now.outstanding().is_negative() || (row.closed && !now.outstanding().is_zero()) ||
        (lease.closed && !row.closed)) {
      report_.Violation("J7", Name(key), ": ", now.outstanding().nano_usd(), " outstanding, ",
                        row.closed ? "closed" : "open");
    }
    if (row.resolved && !lease.resolved && resolutions.erase(ResolutionOf(key)) == 0) {
      report_.Violation("J7", Name(key), " was resolved, and the journal does not say so");
    }
    lease.resolved = row.resolved;
    lease.closed = row.closed;
    const bool wallet = absl::StartsWith(key.account, "wallet/");
    if (wallet &&
        (lease.granted != now.granted.nano_usd() || lease.released != now.released.nano_usd())) {
      report_.Violation("J7", Name(key), ": the journal says granted ", lease.granted,
                        ", released ", lease.released);
    }
    if (lease.settled != now.settled.nano_usd() && !oracle_.Inexact(key)) {
      report_.Violation("LEDGER", Name(key), ": records charge ", lease.settled, ", settled are ",
                        now.settled.nano_usd());
    }
    outstanding_[key.account] += now.outstanding().nano_usd() - before.outstanding().nano_usd();
    oracle_.SetOutstanding(key, now.outstanding().nano_usd(), row.closed);
  }
  for (const std::string& resolution : resolutions) {
    report_.Violation("J7", "the journal has ", resolution, ", but its lease goes on");
  }
}

void Auditor::CheckAccounts(const Commit& commit, const billing::Books& books) {
  for (const std::string& name : commit.removed_accounts) {
    if (outstanding_[name] != 0) report_.Violation("J7", name, " was forgotten with leases");
    bounds_.erase(name);
    oracle_.EndAccount(name);
  }
  const bool config_changed = !commit.config.empty();
  for (const auto& [name, row] : commit.accounts) {
    const std::int64_t outstanding = outstanding_[name];
    if (row.outstanding.nano_usd() != outstanding) {
      report_.Violation("J7", name, ": outstanding is stored as ", row.outstanding.nano_usd(),
                        ", its leases have ", outstanding);
    }
    if (absl::StartsWith(name, "wallet/")) CheckWallet(row);
    CheckCap(name, row.settled.nano_usd() + row.outstanding.nano_usd(), config_changed, books);
  }
  if (!config_changed) return;
  for (const auto& [name, bound] : bounds_) {
    if (!commit.accounts.contains(name)) CheckCap(name, bound.taken, config_changed, books);
  }
  budget_caps_.clear();
  for (const auto& [id, terms] : books.leases().budgets()) {
    budget_caps_[id] = terms.CapAt(last_time_).nano_usd();
  }
}

std::int64_t Auditor::CapBefore(const std::string& account) const {
  if (const auto bound = bounds_.find(account); bound != bounds_.end()) return bound->second.cap;
  const std::vector<std::string> parts = absl::StrSplit(account, '/');
  if (parts.size() < 2 || parts[0] != "budget") return 0;
  const auto cap = budget_caps_.find(parts[1]);
  return cap == budget_caps_.end() ? 0 : cap->second;
}

void Auditor::CheckWallet(const billing::AccountRow& row) {
  const std::string workspace = row.account.substr(7);
  const std::int64_t left =
      row.credited.nano_usd() - row.settled.nano_usd() - row.outstanding.nano_usd();
  const std::int64_t wallet = balances_[row.account];
  const std::int64_t holds = balances_["holds/" + workspace];
  if (wallet != left || holds != row.outstanding.nano_usd()) {
    report_.Violation("J3", row.account, ": the lease book and the ledger differ");
  }
  if (balances_["credit/" + workspace] > wallet + holds) {
    report_.Violation("J5", row.account, " and its holds are less than its promotional credit");
  }
}

// Only what is counted without a lease may pass a cap, and what a fallen cap finds.
void Auditor::CheckCap(const std::string& name, std::int64_t taken, bool config_changed,
                       const billing::Books& books) {
  const auto view = books.leases().FindAccount(name);
  const std::int64_t cap = view.has_value() && view->capped ? view->cap.nano_usd() : 0;
  const std::int64_t cap_before = CapBefore(name);
  Bound& bound = bounds_[name];
  const auto counted = counted_.find(name);
  std::int64_t most = bound.taken + (counted == counted_.end() ? 0 : counted->second);
  most = std::max(most, cap);
  // Other caps were in force in the same batch: of a run perhaps one that is nowhere written.
  if (config_changed) most = std::max(most, cap_before);
  if (absl::StartsWith(name, "run/") && cap != bound.cap) most = std::max(most, run_cap_max_);
  if (taken > most) {
    report_.Violation("LEDGER", name, ": posted and held are ", taken, ", the cap is ", cap,
                      ", before there were ", bound.taken);
  }
  bound = {cap, taken};
  oracle_.SetBound(name, std::max(cap, taken));
}

void Auditor::CheckAll(const billing::LedgerStore& store) {
  const absl::StatusOr<billing::StoredState> state = store.Load();
  const absl::StatusOr<std::vector<Entry>> journal = store.ReadJournal(1, last_sequence_ + 1);
  if (!state.ok() || !journal.ok() || journal->size() != last_sequence_) {
    report_.Violation("J2", "the journal does not hold what was written");
    return;
  }
  std::map<std::string, std::int64_t> fold;
  Sha256Digest hash{};
  __int128 sum = 0;
  for (const Entry& entry : *journal) {
    hash = billing::ChainHash(hash, billing::EncodeEntryContents(entry));
    if (entry.hash != hash) report_.Violation("J9", "entry ", entry.sequence, " was changed");
    for (const billing::Posting& posting : entry.transfer.postings) {
      fold[posting.account] += posting.amount.nano_usd();
      sum += posting.amount.nano_usd();
    }
  }
  if (sum != 0) report_.Violation("J4", "the accounts do not add up to zero");
  for (const auto& [account, balance] : state->ledger.balances) {
    if (fold[account] != balance.nano_usd()) {
      report_.Violation("J3", account, " is stored as ", balance.nano_usd(),
                        ", the journal adds up to ", fold[account]);
    }
  }
  for (const billing::LaneRow& row : state->lanes) {
    if (lanes_[row.lane] != row.watermark) report_.Violation("J8", "a watermark moved by itself");
  }
}

}  // namespace tollgate::sim
