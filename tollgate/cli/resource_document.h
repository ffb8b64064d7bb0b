// Resources as YAML documents:
//
//   kind: workspace
//   id: demo
//   spec:
//     organization_id: acme
//     display_name: Demo
//
// What ResourceToValue() makes, ReadResources() reads: what the server alone decides (etag,
// times) and what it never shows (secrets) are left out.  A credential's secret may be given as
// `secret`, or, to keep it out of the file, as `secret_from_env: NAME` or
// `secret_from_file: PATH`.
#ifndef TOLLGATE_TOLLGATE_CLI_RESOURCE_DOCUMENT_H_
#define TOLLGATE_TOLLGATE_CLI_RESOURCE_DOCUMENT_H_

#include <google/protobuf/message.h>

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "base/config_file.h"
#include "tollgate/cli/resource_client.h"
#include "tollgate/cli/resource_kind.h"
#include "tollgate/cli/value.h"

namespace tollgate::cli {

// Most documents of one file: far above any hand-written one.
inline constexpr std::size_t kResourceDocumentsMax = 100'000;

struct ResourceDocument {
  const ResourceKind* kind = nullptr;
  std::string id = {};
  MessagePtr resource = {};  // With the id and the spec.
  ConfigNode node;           // Where it was read, for messages.

  // "workspace/demo".
  std::string Label() const;
  // `objection` with file and line of the document.
  absl::Status Error(const absl::Status& objection) const;
};

// Reads all documents of `text`; `name` stands for the file in messages.  InvalidArgument, with
// file and line, for the first that is wrong: kind, id, an unknown or ill-typed field, or the same
// resource twice.  None is returned then.
absl::StatusOr<std::vector<ResourceDocument>> ReadResources(std::string_view text,
                                                            std::string_view name);

// A map of kind, id and spec.
Value ResourceToValue(const ResourceKind& kind, const google::protobuf::Message& resource);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_RESOURCE_DOCUMENT_H_
