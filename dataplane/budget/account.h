// What a request's cost is drawn from: accounts, sets of them, and holds.
#ifndef TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_H_
#define TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/time.h"
#include "base/check.h"
#include "base/money.h"

namespace tollgate::dataplane {

class LeasePool;
struct AccountState;  // dataplane/budget/lease_pool.cc

// One account.  Immutable and shared, but for its state.  Lives while its pool has it open, and
// kAccountPointerLife longer.
struct Account {
  // "wallet/<workspace>", "budget/<id>/<period>", of a template with "/<instance>", or
  // "run/<workspace>/<id>" (proto/tollgate/lease).
  std::string name;
  std::string budget_id;  // Empty for a wallet or a run.
  // Whose budget it is: "key/key_7"; of a template, the thing that it caps.  Empty as above.
  std::string scope;
  bool hard = true;  // Wallets and runs always are.  A soft one refuses nothing, has no lease.
  absl::Time period_end = absl::InfiniteFuture();  // When its budget starts anew.
  AccountState* state = nullptr;                   // The pool's; null for a soft account.
  std::shared_ptr<AccountState> state_owner;       // Keeps it.

  bool is_wallet() const { return name.starts_with("wallet/"); }
  bool is_run() const { return name.starts_with("run/"); }
};

// For so long after LeasePool::Open() gave it, an account may be used to begin a hold; one with an
// open hold lives as long as the hold.  Who keeps accounts longer asks for them anew.
inline constexpr absl::Duration kAccountPointerLife = absl::Hours(1);

// Accounts of one request at most: its wallet, its run, and some budgets each on its key, quota
// entity, member, project, workspace and organization.
inline constexpr std::size_t kAccountsMax = 16;

// The accounts that one request draws on, the wallet first.
class AccountSet {
 public:
  std::size_t size() const { return size_; }
  const Account& operator[](std::size_t i) const { return *accounts_[i]; }

  // False, and no change, when it is full.
  bool Add(const Account* account) {
    if (size_ == accounts_.size()) return false;
    accounts_[size_++] = account;
    return true;
  }

  // An account of which nothing is drawn, but whose lease must be in force (LeasePool::InForce()):
  // the wallet, when a request runs on the customer's own credential.  Null for none.
  const Account* pass() const { return pass_; }
  void SetPass(const Account* account) { pass_ = account; }

 private:
  const Account* pass_ = nullptr;
  std::array<const Account*, kAccountsMax> accounts_{};
  std::size_t size_ = 0;
};

// What one attempt has set aside on each account of a set.  Move-only; must be ended by
// LeasePool::Settle() or Release() (CHECKed).  Used by one thread.
class Hold {
 public:
  struct Part {
    const Account* account = nullptr;
    Money amount;
    // usage.v1.Hold: a soft account, and a hold of nothing, draw on no lease.
    bool leased = false;
    std::uint64_t lease_incarnation = 0;
  };

  Hold() = default;
  Hold(Hold&& other) noexcept { *this = std::move(other); }
  Hold& operator=(Hold&& other) noexcept {
    CHECK(!open()) << "a hold was overwritten before it was settled";
    parts_ = other.parts_;
    slots_ = other.slots_;
    size_ = other.size_;
    other.size_ = 0;
    return *this;
  }
  ~Hold() { CHECK(!open()) << "a hold was dropped before it was settled"; }

  bool open() const { return size_ != 0; }
  std::size_t size() const { return size_; }
  const Part& operator[](std::size_t i) const { return parts_[i]; }
  std::span<const Part> parts() const { return std::span(parts_).first(size_); }

 private:
  friend class LeasePool;

  std::array<Part, kAccountsMax> parts_{};
  std::array<std::uint32_t, kAccountsMax> slots_{};  // Slot of the lease table drawn on.
  std::size_t size_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_BUDGET_ACCOUNT_H_
