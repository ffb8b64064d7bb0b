// The ids of what callers name in their requests: quota entities, their quotas, and runs.
//
// A caller's name is any text.  Its id is a hash of the workspace and the name, so that every part
// of the system finds the same id without a table, and it fits where resource ids do.
#ifndef TOLLGATE_BASE_SCOPE_IDS_H_
#define TOLLGATE_BASE_SCOPE_IDS_H_

#include <cstddef>
#include <string>
#include <string_view>

namespace tollgate {

inline constexpr std::size_t kScopeNameBytesMax = 256;

// Whether a caller may name a quota entity or a run so: 1 to 256 bytes of valid UTF-8 without
// control characters.
bool IsValidScopeName(std::string_view name);

// `prefix` and 26 characters of lower-case Crockford base32: the first 130 bits of the SHA-256 of
// `contents`.
std::string HashedId(std::string_view prefix, std::string_view contents);

// "qe_…".
std::string QuotaEntityId(std::string_view workspace_id, std::string_view name);

// "quo_…": the budget that the quotas API makes for a key or a quota entity of that id.
std::string QuotaBudgetId(std::string_view scope_id);

// "run_…": the last part of the run's account (proto/tollgate/lease).
std::string RunId(std::string_view workspace_id, std::string_view name);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_SCOPE_IDS_H_
