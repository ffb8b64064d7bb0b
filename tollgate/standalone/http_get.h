// One GET over plain HTTP on this machine: enough to see whether the suite serves.
#ifndef TOLLGATE_TOLLGATE_STANDALONE_HTTP_GET_H_
#define TOLLGATE_TOLLGATE_STANDALONE_HTTP_GET_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tollgate {

// The body of a 200.  `url` is "http://127.0.0.1:8080/path"; `headers` are names and values.
// InvalidArgument for another form of URL, Unavailable when nobody answers within a second or the
// status is another.
absl::StatusOr<std::string> HttpGet(
    const std::string& url, const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_HTTP_GET_H_
