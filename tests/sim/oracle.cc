#include "tests/sim/oracle.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/string_views.h"

namespace tollgate::sim {
namespace {

constexpr std::string_view kPrefix = "gen_";

std::string Name(const billing::LeaseKey& key) {
  return absl::StrCat(key.account, " of ", key.node_id.substr(0, 6), "/", key.incarnation);
}

}  // namespace

std::string Oracle::GenerationOf(std::size_t number) {
  return absl::StrCat(AbslView(kPrefix), number);
}

std::size_t Oracle::Add(Attempt attempt) {
  attempts_.push_back(std::move(attempt));
  return attempts_.size() - 1;
}

void Oracle::Spend(std::size_t number, std::int64_t more) {
  Attempt& attempt = attempts_[number];
  attempt.spent += more;
  CHECK_LE(attempt.spent, attempt.held) << "the provider charges more than it was allowed";
  for (const billing::LeaseKey& key : attempt.leases) {
    const auto given_up = leases_.find(key);
    if (given_up != leases_.end() && given_up->second.written_off && attempt.postings == 0) {
      // What the lost run had sent goes on at the provider, at the operator's cost.
      if (MayHaveLost(attempt.run)) continue;
      report_.Violation("LEASE", Name(key), " was given up, and ", attempt.run.second,
                        " still spends of it");
    }
    AccountTruth& account = accounts_[key.account];
    account.spent += more;
    CheckAccount(key.account, account);
    if (attempt.postings > 0) continue;  // Paid already: by what it held when its node died.
    LeaseTruth& lease = leases_[key];
    lease.unposted += more;
    CheckLease(key, lease);
  }
}

void Oracle::CheckAccount(const std::string& name, const AccountTruth& account) {
  if (account.spent <= account.bound) return;
  report_.Violation("CAP", name, ": providers charged ", account.spent, ", the cap is ",
                    account.bound);
}

void Oracle::CheckLease(const billing::LeaseKey& key, const LeaseTruth& lease) {
  if (lease.written_off || lease.inexact || lease.unposted <= lease.outstanding) return;
  report_.Violation("LEASE", Name(key), lease.closed ? " is closed" : "", ": spent and not posted ",
                    lease.unposted, ", billing holds ", lease.outstanding);
}

void Oracle::SetBound(const std::string& name, std::int64_t bound) {
  AccountTruth& account = accounts_[name];
  account.bound = bound;
  CheckAccount(name, account);
}

void Oracle::SetOutstanding(const billing::LeaseKey& key, std::int64_t outstanding, bool closed) {
  LeaseTruth& lease = leases_[key];
  lease.outstanding = outstanding;
  lease.closed = closed;
  CheckLease(key, lease);
}

void Oracle::EndLease(const billing::LeaseKey& key) {
  SetOutstanding(key, 0, /*closed=*/true);
  leases_.erase(key);
  ++leases_ended_;
}

void Oracle::EndAccount(const std::string& account) { accounts_.erase(account); }

void Oracle::Posted(std::string_view generation, std::int64_t charge) {
  const std::optional<std::size_t> number = NumberOf(generation);
  if (!number.has_value() || *number >= attempts_.size()) {
    report_.Violation("PRICE", "a posting for ", AbslView(generation), ", which nobody sent");
    return;
  }
  Attempt& attempt = attempts_[*number];
  if (++attempt.postings > 1) {
    report_.Violation("ONCE", AbslView(generation), " is posted ", attempt.postings, " times");
    return;
  }
  attempt.posted = charge;
  const bool as_written = attempt.charge.has_value() && charge == *attempt.charge;
  const bool as_held = attempt.orphaned && (charge == attempt.held || charge == attempt.held_next);
  if (!as_written && !as_held) {
    report_.Violation("PRICE", AbslView(generation), " is charged ", charge, "; it cost ",
                      attempt.spent, ", held ", attempt.held);
  }
  if (!as_written) ++interrupted_;
  for (const billing::LeaseKey& key : attempt.leases) {
    leases_[key].unposted -= attempt.spent;
    leases_[key].inexact |= attempt.settled && !as_written;
  }
}

std::optional<std::size_t> Oracle::NumberOf(std::string_view generation) {
  std::size_t number = 0;
  if (!generation.starts_with(kPrefix) ||
      !absl::SimpleAtoi(AbslView(generation.substr(kPrefix.size())), &number)) {
    return std::nullopt;
  }
  return number;
}

bool Oracle::Inexact(const billing::LeaseKey& key) const {
  const auto found = leases_.find(key);
  return found != leases_.end() && found->second.inexact;
}

void Oracle::LostFinals(const std::set<RunKey>& runs) {
  for (Attempt& attempt : attempts_) {
    if (attempt.postings == 0 && runs.contains(attempt.run)) attempt.orphaned = true;
  }
}

void Oracle::WriteOff(const billing::LeaseKey& key) {
  LeaseTruth& lease = leases_[key];
  if (lease.written_off) return;
  lease.written_off = true;
  accounts_[key.account].spent -= lease.unposted;
}

void Oracle::CheckComplete() {
  for (std::size_t i = 0; i < attempts_.size(); ++i) {
    const Attempt& attempt = attempts_[i];
    if (attempt.postings == 0 && attempt.spent > 0 && !MayHaveLost(attempt.run)) {
      report_.Violation("COMPLETE", GenerationOf(i), " of ", attempt.run.first.substr(0, 6), "/",
                        attempt.run.second, " cost ", attempt.spent, " and was never posted");
    }
  }
}

std::int64_t Oracle::SpentOn(const std::string& account) const {
  const auto found = accounts_.find(account);
  return found == accounts_.end() ? 0 : found->second.spent;
}

}  // namespace tollgate::sim
