// The limits that a caller puts on itself, in the request's head, and what it wants to be told by
// in reports.
//
//   x-tollgate-max-cost: 0.05        what this request may cost at most, USD
//   x-tollgate-run: nightly-7        which run of an agent the request belongs to
//   x-tollgate-run-max-cost: 2.5     what all requests of that run may cost together, USD
//   x-tollgate-quota-entity: user-9  on whose behalf it is made: a quota entity's name
//   ai-reporting-user: user-9        whom reports name, whatever the body says
//   ai-reporting-tags: beta,search   by what reports find it, besides the body's tags
#ifndef TOLLGATE_DATAPLANE_REQUEST_CALLER_CAPS_H_
#define TOLLGATE_DATAPLANE_REQUEST_CALLER_CAPS_H_

#include <optional>
#include <string>

#include "base/money.h"
#include "dataplane/http/head_text.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"

namespace tollgate::dataplane {

// Reused from request to request.
struct CallerCaps {
  std::optional<Money> max_cost;
  std::string run;  // Empty = none; so for the next ones.
  std::optional<Money> run_max_cost;
  std::string quota_entity;
  std::string reporting_user;
  std::string reporting_tags;  // Joined by commas.

  void Reset() {
    max_cost.reset();
    run.clear();
    run_max_cost.reset();
    quota_entity.clear();
    reporting_user.clear();
    reporting_tags.clear();
  }
};

// Reads them; everything of `out` is overwritten.  The error (kInvalidParameter, the field as its
// param) says what is wrong: a field given twice, an amount that is no exact decimal of dollars
// above zero, a name that base/scope_ids.h refuses, a run's limit without a run.
std::optional<GatewayError> ReadCallerCaps(const HeadFields& fields, CallerCaps& out);

// Puts what reports are to tell the request by together, from body and head: `scan.user` becomes
// whom they name, `scan.tags` has each tag once.  Views into `caps`.  kInvalidParameter for more
// than kTagsMax tags, or one that has not 1 to kTagCharactersMax characters.
std::optional<GatewayError> TakeReporting(const CallerCaps& caps, ScannedRequest& scan);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_CALLER_CAPS_H_
