#include "dataplane/provider/accepted_parameters.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"

namespace tollgate::dataplane {

bool AcceptedParameters::Accepts(std::string_view name) const {
  const auto& list = provider_.quirks.unsupported_parameters;
  return std::find(list.begin(), list.end(), name) == list.end();
}

bool AcceptedParameters::Takes(std::string_view name) {
  if (Accepts(name)) return true;
  omissions_.LeftOut(name, absl::StrCat("`", AbslView(name), "` was left out: ", provider_.id,
                                        " does not take it."));
  return false;
}

bool AcceptedParameters::Needs(std::string_view name) {
  if (Accepts(name)) return true;
  omissions_.Refuse(name, absl::StrCat("`", AbslView(name), "` cannot be sent: ", provider_.id,
                                       " does not take it."));
  return false;
}

}  // namespace tollgate::dataplane
