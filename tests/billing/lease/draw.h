// What a usage record draws on a lease book, by itself.
#ifndef TOLLGATE_TESTS_BILLING_LEASE_DRAW_H_
#define TOLLGATE_TESTS_BILLING_LEASE_DRAW_H_

#include <string>

#include "billing/lease/lease_book.h"

namespace tollgate::billing {

inline void Settle(LeaseBook& book, const LeaseKey& key, Money amount) {
  LeaseBook::Draws draws(book, key.node_id);
  draws.Settle(key.account, key.incarnation, amount);
  draws.Finish();
}

inline void Count(LeaseBook& book, const std::string& account, Money amount) {
  LeaseBook::Draws draws(book, "n");
  draws.Count(account, amount);
  draws.Finish();
}

}  // namespace tollgate::billing

#endif  // TOLLGATE_TESTS_BILLING_LEASE_DRAW_H_
