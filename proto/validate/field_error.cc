#include "proto/validate/field_error.h"

#include "absl/strings/str_cat.h"
#include "base/status_reason.h"
#include "base/string_views.h"

namespace tollgate {

absl::Status InvalidField(std::string_view field, std::string_view objection) {
  return WithField(ErrorWithReason(absl::StatusCode::kInvalidArgument, kInvalidFieldReason,
                                   absl::StrCat(AbslView(field), " ", AbslView(objection))),
                   field);
}

}  // namespace tollgate
