// Posts the records of one batch: what Ledger::Apply() does with a transfer, for a run of them.
//
// Records of a batch share their accounts, so each is looked up once and its sum is kept; an entry
// goes straight into the form in which it is stored.  The invariants of the ledger hold after each
// record, and each has an entry, a hash and a sequence of its own.
//
//   UsagePoster poster(ledger, batch.lane, batch.records.size(), now);
//   const Outcome outcome = poster.Post(facts);  // … for each
//   poster.Finish(&effects);
#ifndef TOLLGATE_BILLING_LEDGER_USAGE_POSTER_H_
#define TOLLGATE_BILLING_LEDGER_USAGE_POSTER_H_

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "billing/ledger/ledger.h"
#include "billing/ledger/usage_entry.h"
#include "billing/ledger/usage_run.h"

namespace tollgate::billing {

// Between its construction and Finish() nobody else may use the ledger.
class UsagePoster {
 public:
  // `ledger` must outlive this.  About `records` are to come.
  UsagePoster(Ledger& ledger, std::size_t records, absl::Time now);
  UsagePoster(const UsagePoster&) = delete;
  UsagePoster& operator=(const UsagePoster&) = delete;

  // Posts one record; unless the outcome is kCreated nothing is changed.  The texts of the facts
  // must live until Finish().  REQUIRED: 0 ≤ credit ≤ leased ≤ charge, and 0 ≤ cost.
  Outcome Post(const UsageFacts& facts);

  // The time of the last entry.
  absl::Time last_time() const { return absl::FromUnixNanos(last_nanos_); }

  // Adds what was posted to the effects.  The last call.
  void Finish(LedgerEffects* effects);

 private:
  // An account of the ledger; it is there from the first posting on.
  struct Account {
    std::string name;
    Money* balance = nullptr;  // In the ledger.
    bool changed = false;
  };
  struct Workspace {
    Account wallet;
    Account holds;
    Account credit;
  };
  struct Provider {
    Account cost;
    Account payable;
  };
  // By its id; the one of the former record first.
  template <typename Accounts>
  struct ById {
    absl::flat_hash_map<std::string_view, Accounts*> all;
    std::deque<Accounts> kept;
    std::string_view last_id;
    Accounts* last = nullptr;
  };
  // What an account would have.
  struct Sum {
    Account* account;
    Money amount;
  };

  template <typename Accounts, typename Make>
  static Accounts& Find(ById<Accounts>& by_id, std::string_view id, Make make);
  Money BalanceOf(Account& account);
  void Set(const Sum& sum);
  void Append(const UsageFacts& facts, Money balance);

  Ledger& ledger_;
  const std::int64_t now_nanos_;
  std::int64_t last_nanos_;
  ById<Workspace> workspaces_;
  ById<Account> models_;
  ById<Provider> providers_;
  Account overrun_{.name = std::string(kOverrunAccount)};
  Account unspent_{.name = std::string(kCreditUnspentAccount)};
  UsageRun run_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_USAGE_POSTER_H_
