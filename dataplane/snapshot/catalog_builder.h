// From published resources to the Catalog of a snapshot.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_CATALOG_BUILDER_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_CATALOG_BUILDER_H_

#include <memory>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/seal.h"
#include "base/secret.h"
#include "dataplane/snapshot/catalog.h"
#include "dataplane/snapshot/cow_map.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::dataplane {

// The compiled prices of an offering, oldest first.  A version without a price for text is left
// out: an offering without any is refused when a request is planned, not free.
// InvalidArgument for a version that cannot be read.
absl::StatusOr<std::vector<std::shared_ptr<const Price>>> CompilePrices(
    const catalog::v1::Offering& offering);

// A credential's secret.  InvalidArgument or DataLoss when it does not open, or holds what cannot
// be in a header.
absl::StatusOr<Secret> OpenCredential(const config::v1::Credential& credential,
                                      const Sealer& sealer);

// Builds from resources that were checked one by one, and whose references were checked.
class CatalogBuilder {
 public:
  // `prices` by resource key of the offering.
  static std::shared_ptr<const Catalog> Build(
      const CowMap<config::v1::Resource>& resources,
      const CowMap<std::vector<std::shared_ptr<const Price>>>& prices, const Sealer& sealer);

 private:
  explicit CatalogBuilder(Catalog& catalog) : catalog_(catalog) {}

  void Add(const config::v1::Provider& from);
  void Add(const catalog::v1::Model& from);
  void Add(const catalog::v1::Offering& from,
           const std::vector<std::shared_ptr<const Price>>* prices);
  void Add(const config::v1::Credential& from, const Sealer& sealer);
  void Add(const config::v1::Alias& from);
  void Add(const config::v1::Route& from);
  void Add(const config::v1::PriceRule& from);
  void Sort();

  Catalog& catalog_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_CATALOG_BUILDER_H_
