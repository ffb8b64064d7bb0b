// What a reader does with members that it does not know of objects deep within a body: each becomes
// a warning of whatever format the request is sent in, so that none is dropped in silence.
#ifndef TOLLGATE_DATAPLANE_SURFACE_UNKNOWN_MEMBERS_H_
#define TOLLGATE_DATAPLANE_SURFACE_UNKNOWN_MEMBERS_H_

#include <initializer_list>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/json/document.h"

namespace tollgate::dataplane {

// Adds to the extras of `request` what `value` has besides `known`, as "path.member" of `owner`:
// the format that writes such a member back where it stood, or kOfNoFormat.  A null says nothing,
// and what is no object has no members.
void KeepUnknown(JsonValue value, std::initializer_list<std::string_view> known,
                 std::string_view path, std::string_view owner, ir::Request& request);

// The same of a member that no format can express here.
void WarnOfUnknown(JsonValue value, std::initializer_list<std::string_view> known,
                   std::string_view path, ir::Request& request);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_UNKNOWN_MEMBERS_H_
