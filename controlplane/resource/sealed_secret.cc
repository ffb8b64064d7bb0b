#include "controlplane/resource/sealed_secret.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/string_views.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

// What the secret is bound to: that of one resource does not open as another's.
std::string AssociatedData(std::string_view kind, const std::string& id) {
  return absl::StrCat(AbslView(kind), "/", id);
}

}  // namespace

void DropKnownSealedSecret(const SecretTools& tools, std::string_view kind, const std::string& id,
                           const Record& record, std::string* secret) {
  if (secret->empty() || record.sealed_secret().empty()) return;
  const absl::StatusOr<Secret> known =
      tools.sealer.Open(record.sealed_secret(), AssociatedData(kind, id));
  if (known.ok() && ConstantTimeEqual(known->Reveal(), *secret)) secret->clear();
}

absl::Status SealSecret(const SecretTools& tools, std::string_view kind, const std::string& id,
                        Record& record, std::string* secret) {
  const Secret taken = Secret::Take(std::move(*secret));
  secret->clear();
  if (!taken.empty()) {
    record.set_sealed_secret(tools.sealer.Seal(taken.Reveal(), AssociatedData(kind, id)));
  }
  if (record.sealed_secret().empty()) return InvalidField("secret", "must be stated");
  return absl::OkStatus();
}

}  // namespace tollgate::controlplane
