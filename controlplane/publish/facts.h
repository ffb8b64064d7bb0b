// What the catalog says of the providers that are in use, as rows of the store.
#ifndef TOLLGATE_CONTROLPLANE_PUBLISH_FACTS_H_
#define TOLLGATE_CONTROLPLANE_PUBLISH_FACTS_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "controlplane/publish/resource_set.h"
#include "tollgate/catalog/v1/catalog.pb.h"

namespace tollgate::controlplane {

// Immutable once it is filled.
struct Facts {
  // Ready to be published, by key ("model/…", "offering/…").
  std::map<std::string, ResourcePtr> models;
  std::map<std::string, ResourcePtr> offerings;
  // By id.
  std::map<std::string, catalog::v1::Provider> providers;
  // How many facts were left out because a validator refuses them.
  int refused = 0;
};

// Reads what the catalog sent.  A fact that proto/validate refuses is logged and left out, for one
// bad fact must not stop all configuration.
Facts ReadFacts(const catalog::v1::Facts& facts);

// The facts as rows: "<kind>/<id>" → the serialized catalog message.
std::map<std::string, std::string> FactRows(const Facts& facts);

// Adds a row to `facts`.  DataLoss when it is none.
absl::Status ReadFactRow(std::string_view key, const std::string& value, catalog::v1::Facts& facts);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_PUBLISH_FACTS_H_
