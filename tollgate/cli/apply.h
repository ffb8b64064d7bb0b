// Makes the world match a file of resources.
//
//   TG_ASSIGN_OR_RETURN(auto documents, ReadResources(text, name));
//   TG_ASSIGN_OR_RETURN(ApplyPlan plan, PlanApply(std::move(documents), client));
//   plan.Print(out);                                // --dry-run ends here
//   TG_RETURN_IF_ERROR(ExecuteApply(plan, client, out));
//
// A resource has exactly the fields that its document states: what is left out gets its default,
// but for a secret, which stays.  Resources that no document names are left alone.
#ifndef TOLLGATE_TOLLGATE_CLI_APPLY_H_
#define TOLLGATE_TOLLGATE_CLI_APPLY_H_

#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tollgate/cli/resource_client.h"
#include "tollgate/cli/resource_document.h"

namespace tollgate::cli {

// One field that differs.
struct FieldChange {
  std::string path;    // As the proto calls it.
  std::string before;  // In the form of field_form.h, on one line.
  std::string after;
};

struct ResourceChange {
  enum class Kind { kUnchanged, kCreate, kUpdate };

  ResourceDocument document;
  Kind kind = Kind::kUnchanged;
  std::vector<FieldChange> fields = {};  // Of an update.
  std::string etag = {};                 // Of what was read, for an update.
};

struct ApplyPlan {
  std::vector<ResourceChange> changes;  // In an order in which they can be made.

  // One line per change, and a line of counts.
  void Print(std::ostream& out) const;
};

// Compares the documents with what there is, and checks that what they refer to exists or is among
// them.  Changes nothing.  The errors name file and line.
absl::StatusOr<ApplyPlan> PlanApply(std::vector<ResourceDocument> documents,
                                    const ResourceClient& client);

// Makes the changes, one after another, and prints a line for each that was made; the secret of a
// new key is printed with it.  On an error the changes before it stay made; applying the file again
// makes the rest.
absl::Status ExecuteApply(const ApplyPlan& plan, const ResourceClient& client, std::ostream& out);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_APPLY_H_
