// The names by which clients know what a provider keeps, answers and their items, so that any node
// finds the credential that made one, without a store, and no workspace is shown another's.
//
//   resp_tg + 24 characters + 16 characters + _ + the provider's own id
//
// Both runs are base16 of a truncated HMAC-SHA-256 under a pepper (base/api_key.h): the first, 96
// bits, over kind, workspace and provider's id, says that it is the workspace's; the second, 64
// bits, over these and a credential's id, is equal for one credential only.  Neither says anything
// to who has no pepper.  In front of an item's stands what its id begins with: `msg_tg…`, `rs_tg…`.
// docs/decisions/0011 says why.
#ifndef TOLLGATE_DATAPLANE_REQUEST_KEPT_NAME_H_
#define TOLLGATE_DATAPLANE_REQUEST_KEPT_NAME_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/api_key.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// What a name is of; one of the one kind says nothing as the other.
enum class KeptKind : std::uint8_t { kAnswer, kItem };

// Longer ids of a provider's are not named: it would be no id.
inline constexpr std::size_t kProviderIdBytesMax = 512;

// The client's name for what `credential_id` made for `workspace_id`.  Empty when the provider's id
// has anything but letters, digits and `-`, `_`, `.`, `:` in it, or is too long: then nobody can
// ask for it again.
std::string KeptNameOf(const Peppers& peppers, KeptKind kind, std::string_view workspace_id,
                       std::string_view credential_id, std::string_view provider_id);

// Whether it is a name by its form.  Ids of providers have another, but those of a provider that is
// such a gateway itself.
bool IsKeptName(KeptKind kind, std::string_view name);

// Whose a name is.
struct KeptName {
  enum class Kind {
    kFound,
    kForeign,         // No name that a gateway gave: an id of some provider's account.
    kOfAnother,       // Another workspace's, changed, or of a pepper that is gone.
    kCredentialGone,  // The workspace's, but the credential that made it is no longer there.
  };
  Kind kind = Kind::kForeign;
  const Credential* credential = nullptr;  // Of kFound.
  std::string_view provider_id;  // The provider's id, a view into the name; not of kForeign.
};

// Looks at the workspace's and the system's credentials of every provider that speaks one of
// `formats`: bit (1 << WireFormat); at `likely` first, unless it is null.
KeptName ReadKeptName(const Peppers& peppers, const Catalog& catalog, std::uint32_t formats,
                      KeptKind kind, std::string_view workspace_id, std::string_view name,
                      const Credential* likely = nullptr);

// The provider's id behind a name, a view into it, if it is the workspace's and of this credential;
// else empty.
std::string_view ProviderIdOf(const Peppers& peppers, KeptKind kind, std::string_view workspace_id,
                              std::string_view credential_id, std::string_view name);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_KEPT_NAME_H_
