// What can be bought, where and with what: the part of a snapshot that routing reads.
//
// All pointers between these structs are within one snapshot and live as long as it does.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_CATALOG_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_CATALOG_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "base/compiled_price.h"
#include "base/money.h"
#include "base/secret.h"
#include "dataplane/snapshot/origin.h"

namespace tollgate::dataplane {

// The wire format that a provider speaks; the values of catalog.v1.Format.
enum class WireFormat : std::uint8_t {
  kOpenAiChat = 1,
  kOpenAiResponses = 2,
  kAnthropic = 3,
  kGemini = 4,
};

// What somebody may do in a time, on all nodes together; zero = no limit.
struct RateLimits {
  std::int64_t requests_per_minute = 0;
  std::int64_t tokens_per_minute = 0;
  std::int64_t concurrent_requests = 0;

  friend bool operator==(const RateLimits&, const RateLimits&) = default;
};

struct Workspace {
  std::string id;
  std::string organization_id;
  RateLimits limits;
};

// To whom keys belong.
struct Member {
  std::string id;
  bool disabled = false;
  RateLimits limits;
};

// How a provider departs from its format: catalog.v1.Quirks, whose words these are.
struct Quirks {
  std::string output_limit_field;
  bool no_stream_usage = false;
  bool no_developer_role = false;
  bool no_json_schema = false;
  bool no_image_url = false;
  bool cache_control = false;
  std::string reasoning_request;
  std::string reasoning_history;
  std::vector<std::string> unsupported_parameters;
};

struct Provider {
  std::string id;
  std::string display_name;
  WireFormat format = WireFormat::kOpenAiChat;
  Origin origin;
  Quirks quirks;
  // config.v1.ProviderLimits, defaults filled in.
  absl::Duration connect_timeout;
  absl::Duration first_byte_timeout;
  absl::Duration idle_timeout;
  absl::Duration total_timeout;
  absl::Duration cooldown;  // Without a Retry-After; zero = none.
  bool cooldown_disabled = false;
};

// A price version, compiled for the standard tier and the offering's region.
struct Price {
  explicit Price(CompiledPrice price) : compiled(std::move(price)) {}

  absl::Time effective_time;
  CompiledPrice compiled;
  // Text input plus text output, base band, pico-USD per token: the sort key of SORT_PRICE.
  std::int64_t rank_pico_usd = 0;
};

struct Model;

struct Offering {
  std::string id;
  std::string provider_model_id;
  std::string region;
  const Model* model = nullptr;
  const Provider* provider = nullptr;
  std::int64_t context_tokens_max = 0;  // The model's when the provider has none; 0 = unknown.
  std::int64_t output_tokens_max = 0;   // Likewise.
  std::vector<std::shared_ptr<const Price>> prices;  // By effective time, oldest first.

  // The price in force at `now`; nullptr when the first takes effect later.
  const Price* PriceAt(absl::Time now) const;
};

struct Model {
  std::string id;
  std::string display_name;
  std::string vendor;
  std::string type;  // "language", "embedding", …
  std::vector<std::string> input_modalities;
  std::vector<std::string> output_modalities;
  std::vector<std::string> capabilities;
  std::string release_date;
  std::int64_t context_tokens_max = 0;  // 0 = unknown.
  std::int64_t output_tokens_max = 0;
  std::vector<const Offering*> offerings;  // By provider and offering id.
};

struct Credential {
  std::string id;
  std::string workspace_id;  // Empty = a system credential.
  std::int32_t priority = 0;
  std::uint64_t cooldown_key = 0;  // Its place in Cooldowns.
  const Provider* provider = nullptr;
  // The whole header line that carries it, "authorization: Bearer …\r\n"; empty for a provider
  // that needs none.  Opened once; never copied, never logged.
  std::shared_ptr<const Secret> header_line;

  bool byok() const { return !workspace_id.empty(); }
};

struct Alias {
  std::string name;
  std::string workspace_id;  // Empty = seen everywhere.
  std::vector<std::string> model_ids;
};

struct Route {
  enum class Sort : std::uint8_t { kPrice, kName };

  std::string id;
  std::string workspace_id;   // Empty = applies everywhere.
  std::string model_pattern;  // "*" at the end matches any rest; empty = all.
  std::vector<std::string> order;
  std::vector<std::string> only;
  std::vector<std::string> ignore;
  Sort sort = Sort::kPrice;
  std::uint32_t attempts_max = 5;
};

// The values of config.v1.ScopeKind.
enum class ScopeKind : std::uint8_t {
  kOrganization = 1,
  kWorkspace = 2,
  kProject = 3,
  kMember = 4,
  kKey = 5,
  kQuotaEntity = 6,
};

// "organization", "workspace", "project", "member", "key", "quota_entity".
std::string_view ScopeKindName(ScopeKind kind);

struct Budget {
  std::string id;
  ScopeKind scope_kind = ScopeKind::kKey;
  std::string scope_id;
  Money limit;
  int period = 1;  // config.v1.Period.
  bool hard = true;
  bool include_byok = false;
  // A template: each such thing within the scope has the cap for itself (config.proto).
  std::optional<ScopeKind> each;
};

// A mark-up or discount on list prices.
struct PriceRule {
  std::string id;
  std::string version;
  std::string workspace_id;               // Empty = applies everywhere.
  std::vector<std::string> provider_ids;  // Empty = all.
  PriceFactor factor;
};

// Immutable after construction.
class Catalog {
 public:
  // nullptr when there is none; so for the next ones.
  const Model* FindModel(std::string_view id) const;
  const Provider* FindProvider(std::string_view id) const;
  const Offering* FindOffering(std::string_view id) const;

  // The workspace's own alias, else the general one, else nullptr.
  const Alias* FindAlias(std::string_view workspace_id, std::string_view name) const;

  // The route for a model: the workspace's own before a general one, the longest pattern first;
  // nullptr when none matches.
  const Route* FindRoute(std::string_view workspace_id, std::string_view model_id) const;

  // The price rule for a workspace's use of a provider, by the order of config.proto; nullptr when
  // list prices hold.
  const PriceRule* FindPriceRule(std::string_view workspace_id, std::string_view provider_id) const;

  // Credentials of a provider: those of the workspace when `workspace_id` is not empty, else the
  // system's; by priority, then id.  Never null.
  const std::vector<const Credential*>& CredentialsOf(std::string_view provider_id,
                                                      std::string_view workspace_id) const;

  // By id.
  const std::vector<const Model*>& models() const { return sorted_models_; }
  const std::vector<const Provider*>& providers() const { return sorted_providers_; }
  // Aliases that a workspace sees, by name.
  std::vector<const Alias*> AliasesFor(std::string_view workspace_id) const;

 private:
  friend class CatalogBuilder;

  absl::flat_hash_map<std::string, std::unique_ptr<Model>> models_;
  absl::flat_hash_map<std::string, std::unique_ptr<Provider>> providers_;
  absl::flat_hash_map<std::string, std::unique_ptr<Offering>> offerings_;
  absl::flat_hash_map<std::string, std::unique_ptr<Credential>> credentials_;
  // "<workspace>\n<name>".
  absl::flat_hash_map<std::string, std::unique_ptr<Alias>> aliases_;
  std::vector<std::unique_ptr<Route>> routes_;
  // By workspace ("" = general); longest pattern first.
  absl::flat_hash_map<std::string, std::vector<const Route*>> routes_by_workspace_;
  // In the order in which they go before each other; within a workspace ("" = general).
  absl::flat_hash_map<std::string, std::vector<std::unique_ptr<PriceRule>>> price_rules_;
  // "<provider>\n<workspace>".
  absl::flat_hash_map<std::string, std::vector<const Credential*>> credentials_by_owner_;
  std::vector<const Model*> sorted_models_;
  std::vector<const Provider*> sorted_providers_;
};

// Whether `pattern` (a trailing "*" matches any rest) matches `name`.
bool PatternMatches(std::string_view pattern, std::string_view name);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_CATALOG_H_
