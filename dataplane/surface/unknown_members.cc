#include "dataplane/surface/unknown_members.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/ir/omission.h"

namespace tollgate::dataplane {

void KeepUnknown(JsonValue value, std::initializer_list<std::string_view> known,
                 std::string_view path, std::string_view owner, ir::Request& request) {
  for (const JsonMember m : value.members()) {
    if (m.value.is_null() || std::find(known.begin(), known.end(), m.key) != known.end()) continue;
    const std::string_view name =
        request.arena.Keep(absl::StrCat(AbslView(path), ".", AbslView(m.key)));
    request.extras.push_back({owner, name, m.value.raw(), false});
  }
}

void WarnOfUnknown(JsonValue value, std::initializer_list<std::string_view> known,
                   std::string_view path, ir::Request& request) {
  KeepUnknown(value, known, path, ir::kOfNoFormat, request);
}

}  // namespace tollgate::dataplane
