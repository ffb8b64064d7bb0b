// Which parameters a provider takes of those that its format has: the quirk
// `unsupported_parameters`.
#ifndef TOLLGATE_DATAPLANE_PROVIDER_ACCEPTED_PARAMETERS_H_
#define TOLLGATE_DATAPLANE_PROVIDER_ACCEPTED_PARAMETERS_H_

#include <string_view>

#include "dataplane/ir/omission.h"
#include "dataplane/snapshot/catalog.h"

namespace tollgate::dataplane {

// For one request that is written; both must outlive this.
class AcceptedParameters {
 public:
  AcceptedParameters(const Provider& provider, ir::Omissions& omissions)
      : provider_(provider), omissions_(omissions) {}

  bool Accepts(std::string_view name) const;
  // Of a member that only advises: false, with a warning, when it is not taken.
  bool Takes(std::string_view name);
  // Of a member without which the answer would be another: false, and the request is refused, when
  // it is not taken.
  bool Needs(std::string_view name);

 private:
  const Provider& provider_;
  ir::Omissions& omissions_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_ACCEPTED_PARAMETERS_H_
