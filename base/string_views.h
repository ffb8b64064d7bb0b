// Conversions between std::string_view and absl::string_view.
//
// The installed Abseil has a string_view type of its own.  Interfaces of this project use
// std::string_view; these two functions convert at the call into Abseil:
//
//   absl::StrCat("unknown model ", AbslView(model))
#ifndef TOLLGATE_BASE_STRING_VIEWS_H_
#define TOLLGATE_BASE_STRING_VIEWS_H_

#include <string_view>

#include "absl/strings/string_view.h"

namespace tollgate {

inline absl::string_view AbslView(std::string_view view) { return {view.data(), view.size()}; }
inline std::string_view StdView(absl::string_view view) { return {view.data(), view.size()}; }

}  // namespace tollgate

#endif  // TOLLGATE_BASE_STRING_VIEWS_H_
