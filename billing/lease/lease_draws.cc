// What a batch of usage records draws on leases and accounts.
#include "base/check.h"
#include "billing/lease/lease_book.h"

namespace tollgate::billing {

LeaseBook::Draws::Slot& LeaseBook::Draws::Find(std::string_view account,
                                               std::uint64_t incarnation) {
  const auto [found, is_new] = slots_.try_emplace({account, incarnation});
  Slot& slot = found->second;
  if (!is_new) return slot;
  slot.name = account;
  slot.incarnation = incarnation;
  const std::optional<AccountRef> ref = ParseAccountRef(account);
  CHECK(ref.has_value() || incarnation != 0) << slot.name;
  if (!ref.has_value()) return slot;
  slot.ref = *ref;
  if (incarnation != 0) {
    const auto in_book = book_.accounts_.find(slot.name);
    if (in_book == book_.accounts_.end()) return slot;
    const auto lease = in_book->second.leases.find({node_id_, incarnation});
    if (lease == in_book->second.leases.end()) return slot;
    slot.account = &in_book->second;
    slot.lease = &lease->second;
  } else if (slot.ref.kind != AccountKind::kRun) {
    slot.account = &book_.AccountOf(slot.ref, slot.name);
  }
  if (slot.ref.kind == AccountKind::kBudget) slot.terms = book_.TermsOf(slot.ref);
  return slot;
}

Money LeaseBook::Draws::Outstanding(std::string_view account, std::uint64_t incarnation) {
  if (incarnation == 0) return Money::Zero();
  const Slot& slot = Find(account, incarnation);
  return slot.lease == nullptr ? Money::Zero() : slot.lease->totals.outstanding();
}

void LeaseBook::Draws::Settle(std::string_view account, std::uint64_t incarnation, Money amount) {
  if (amount.is_zero()) return;
  Slot& slot = Find(account, incarnation);
  CHECK(slot.lease != nullptr && !amount.is_negative() &&
        amount <= slot.lease->totals.outstanding())
      << slot.name;
  slot.lease->totals.settled += amount;
  slot.account->outstanding -= amount;
  book_.totals_[static_cast<int>(slot.ref.kind)].outstanding -= amount;
  Spend(slot, amount);
}

void LeaseBook::Draws::Count(std::string_view account, Money amount) {
  Slot& slot = Find(account, 0);
  CHECK(!amount.is_negative()) << slot.name;
  if (slot.account != nullptr) Spend(slot, amount);
}

void LeaseBook::Draws::Spend(Slot& slot, Money amount) {
  slot.account->settled = slot.account->settled.TryAdd(amount).value_or(Money::Max());
  slot.changed = true;
  book_.NoteSpending(slot.name, *slot.account, slot.terms);
}

void LeaseBook::Draws::Finish() {
  for (const auto& [key, slot] : slots_) {
    if (!slot.changed) continue;
    if (slot.lease == nullptr) {
      book_.MarkAccount(slot.name, *slot.account);
    } else {
      book_.MarkChanged({slot.name, node_id_, slot.incarnation}, *slot.account, *slot.lease);
    }
  }
  slots_.clear();
}

}  // namespace tollgate::billing
