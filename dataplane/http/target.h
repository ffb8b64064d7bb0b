// The path and query of a request target, normalized once: what is matched is what was checked.
#ifndef TOLLGATE_DATAPLANE_HTTP_TARGET_H_
#define TOLLGATE_DATAPLANE_HTTP_TARGET_H_

#include <optional>
#include <string>
#include <string_view>

namespace tollgate::dataplane {

// The path of `path_and_query`, percent-decoded exactly once (so `/v1/models/openai%2Fgpt` names
// the same model as `/v1/models/openai/gpt`).  Nullopt when it must be refused: a malformed escape,
// an empty segment, a `.` or `..` segment, or anything that stands for a control, a backslash, a
// `%` (double encoding), a `?`, a `#` or a byte beyond ASCII.  `scratch` keeps the text when
// something had to be decoded; else the result is a view into the argument.
std::optional<std::string_view> NormalizePath(std::string_view path_and_query,
                                              std::string& scratch);

// The percent-decoded value of a query parameter; the first wins.  Nullopt when it is absent or its
// escapes are malformed.
std::optional<std::string> QueryParameter(std::string_view path_and_query, std::string_view name);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_TARGET_H_
