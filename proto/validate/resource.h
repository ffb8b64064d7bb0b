// Checks of one published resource, whatever else exists.
//
// The control plane runs them where configuration is written, so a node that runs them again and
// refuses an update has found a bug, not a typing error.  Pure; thread-safe.
#ifndef TOLLGATE_PROTO_VALIDATE_RESOURCE_H_
#define TOLLGATE_PROTO_VALIDATE_RESOURCE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate {

// Limits of one resource; each keeps it far below a snapshot chunk (1 MiB) and what the data plane
// does with it at request time cheap.
inline constexpr int kAllowedModelsMax = 256;
inline constexpr int kAliasModelsMax = 16;     // Each may become an attempt.
inline constexpr int kRouteProvidersMax = 64;  // In each of order, only and ignore.
inline constexpr std::uint32_t kAttemptsMax = 20;
inline constexpr int kPriorityMax = 1000;
inline constexpr std::int64_t kRateLimitMax = 1'000'000'000;  // Beyond it is as good as none.
inline constexpr int kRaisesMax = 16;
inline constexpr int kAlertPercentsMax = 16;
inline constexpr std::uint32_t kAlertPercentMax = 1000;  // Ten times the limit, of a soft budget.
inline constexpr int kAlertWebhooksMax = 8;
inline constexpr std::int64_t kPriceAdjustPpmMin = -1'000'000;  // Free.
inline constexpr std::int64_t kPriceAdjustPpmMax = 10'000'000;  // Eleven times the list price.
inline constexpr int kPriceVersionsMax = 64;  // The one in force and those announced.
inline constexpr std::size_t kModelNameCharsMax = 128;
inline constexpr std::size_t kDisplayNameCharsMax = 128;
// A provider may be given this long for anything: more would hold connections for a dead request.
inline constexpr int kProviderTimeoutSecondsMax = 3600;

// Checks that the key is the body's, and every field of the body: form of ids, ranges, times,
// stated enumerations, prices.  `audience` decides whether a key has a digest (32 bytes for the
// data plane, none for billing) and which kinds may come at all.  InvalidArgument with reason
// INVALID_FIELD and a message that begins with the resource's key.
absl::Status ValidateResource(const config::v1::Resource& resource, config::v1::Audience audience);

// Whether `name` may stand for a model: 1 to 128 letters, digits and any of ._:/@-, beginning with
// a letter or digit.
bool IsValidModelName(std::string_view name);

// As IsValidModelName(), and a "*" may end it or be all of it.
bool IsValidModelPattern(std::string_view pattern);

// UTF-8 without control characters, at most kDisplayNameCharsMax bytes; empty is fine.
bool IsValidDisplayName(std::string_view name);

// Each of the following checks one body; the message begins with the field's name.
absl::Status ValidateBody(const config::v1::Workspace& workspace);
absl::Status ValidateBody(const config::v1::Key& key);
absl::Status ValidateBody(const config::v1::Budget& budget);
absl::Status ValidateBody(const config::v1::Provider& provider);
absl::Status ValidateBody(const config::v1::Credential& credential);
absl::Status ValidateBody(const config::v1::Alias& alias);
absl::Status ValidateBody(const config::v1::Route& route);
absl::Status ValidateBody(const config::v1::Member& member);
absl::Status ValidateBody(const config::v1::PriceRule& rule);
absl::Status ValidateBody(const config::v1::Webhook& webhook);
absl::Status ValidateBody(const catalog::v1::Model& model);
absl::Status ValidateBody(const catalog::v1::Offering& offering);

// What a price rule's `version` must be: "rv_" and 26 characters of a hash of its other fields.
std::string PriceRuleVersion(const config::v1::PriceRule& rule);

// Absent limits are fine: they have defaults.
absl::Status ValidateLimits(const config::v1::ProviderLimits& limits);

}  // namespace tollgate

#endif  // TOLLGATE_PROTO_VALIDATE_RESOURCE_H_
