// What one kind of resource is: the table that makes the machinery of all kinds one.
//
// Reading, listing, creating, updating and deleting, idempotency, etags, audit and publication are
// written once (writer/, service/) over the protobuf reflection of the admin messages.  What is
// particular to a kind is a row of this table; each row is in the folder of its kind.
#ifndef TOLLGATE_CONTROLPLANE_RESOURCE_KIND_H_
#define TOLLGATE_CONTROLPLANE_RESOURCE_KIND_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/api_key.h"
#include "base/random.h"
#include "base/seal.h"
#include "base/secret.h"
#include "tollgate/config/v1/config.pb.h"
#include "tollgate/configstore/v1/record.pb.h"

namespace tollgate::controlplane {

using configstore::v1::Record;
using google::protobuf::Message;

// The values are the numbers of the fields of Record.
enum class KindId {
  kOrganization = 1,
  kWorkspace = 2,
  kKey = 3,
  kBudget = 4,
  kProvider = 5,
  kCredential = 6,
  kAlias = 7,
  kRoute = 8,
  kProject = 9,
  kMember = 10,
  kQuotaEntity = 11,
  kPriceRule = 12,
  kWebhook = 13,
};
inline constexpr std::size_t kKinds = 13;

// A resource that another one belongs to or names.  The other cannot be created without it, nor
// can it be deleted while the other is there.
struct Reference {
  KindId kind;
  std::string id;
  std::string_view field;  // In which field it is named.
  // The catalog may know it too: then it may be absent here.
  bool catalog_may_know = false;
};

// What a kind needs to make or seal secrets.
struct SecretTools {
  const Peppers& peppers;
  const Sealer& sealer;
  Random& random;
};

// One kind.  The functions are pure but for the randomness of `take_secret`; those that may be
// null say so.  A Message is always of the kind's own type.
struct Kind {
  KindId id;
  std::string_view name;       // "key", in audit entries, keys of rows and messages.
  std::string_view id_prefix;  // Of ids that the server chooses; empty: the client must choose.
  bool (*is_valid_id)(std::string_view id);
  std::span<const std::string_view> immutable_fields;

  // Objects to what the published form's validators (proto/validate) do not see.
  absl::Status (*validate)(const Message& resource);
  // Objects to a change of an existing one, beyond immutable_fields.  May be null.
  absl::Status (*validate_change)(const Message& before, const Message& after);
  // Adds what the resource refers to.  May be null.
  void (*references)(const Message& resource, std::vector<Reference>& out);
  // Makes the id of a new resource from its contents; a stated id must be the same.  May be null.
  std::string (*derive_id)(const Message& resource) = nullptr;
  // Clears a stated secret that is the stored one, so that stating it again changes nothing.  May
  // be null.
  void (*drop_known_secret)(const SecretTools& tools, Record& record) = nullptr;
  // Moves secrets out of the record's resource into what is stored, or makes them; `shown` is what
  // the caller sees this once.  May be null.
  absl::Status (*take_secret)(const SecretTools& tools, Record& record, Secret& shown);
  // Writes the published form.  Null for a kind that is not published as it is.
  void (*project)(const Record& record, config::v1::Resource& out);
};

// All kinds, in the order of KindId.
std::span<const Kind* const> AllKinds();

// The kind.
const Kind& KindOf(KindId id);

// By name; nullptr when there is none.
const Kind* FindKind(std::string_view name);

// The kind of a record.  REQUIRED: the record has a resource.
const Kind& KindOf(const Record& record);

// The resource of a record.  REQUIRED: it has one of this kind (the mutable form makes one).
const Message& ResourceOf(const Kind& kind, const Record& record);
Message& MutableResourceOf(const Kind& kind, Record& record);

// The fields that all kinds have.
std::string IdOf(const Message& resource);
std::string EtagOf(const Message& resource);

// What the resource refers to; empty when its kind refers to nothing.
std::vector<Reference> ReferencesOf(const Kind& kind, const Message& resource);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_RESOURCE_KIND_H_
