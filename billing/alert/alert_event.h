// What a webhook is told when a budget's spending reaches a share of its limit.
#ifndef TOLLGATE_BILLING_ALERT_ALERT_EVENT_H_
#define TOLLGATE_BILLING_ALERT_ALERT_EVENT_H_

#include <cstdint>
#include <map>
#include <string>

#include "absl/time/time.h"
#include "billing/lease/lease.h"

namespace tollgate::billing {

// A message that waits to be taken by a webhook.  Written with the charge that caused it.
struct OutboxRow {
  std::uint64_t number = 0;  // From 1; in order of making.
  std::string webhook_id;
  std::string event_id;  // The same for every attempt: receivers drop repetitions by it.
  std::string body;      // JSON; docs/alerts.md.
  absl::Time create_time;

  friend bool operator==(const OutboxRow&, const OutboxRow&) = default;
};

// Where messages go: what configuration says.
struct Webhook {
  std::string url;
  std::string sealed_secret;  // base/seal.h, associated data "webhook/<id>".
  bool disabled = false;

  friend bool operator==(const Webhook&, const Webhook&) = default;
};
using WebhooksById = std::map<std::string, Webhook>;

// "budget/bud_1/2026-11/75": an account reaches a share once.
std::string AlertEventId(const BudgetAlert& alert);

// The body of the message, made at `now`.
std::string AlertBody(const BudgetAlert& alert, const BudgetTerms& terms, absl::Time now);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_ALERT_ALERT_EVENT_H_
