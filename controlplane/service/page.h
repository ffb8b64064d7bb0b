// Page sizes and page tokens (AIP-158).
#ifndef TOLLGATE_CONTROLPLANE_SERVICE_PAGE_H_
#define TOLLGATE_CONTROLPLANE_SERVICE_PAGE_H_

#include <google/protobuf/message.h>

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tollgate::controlplane {

// The size to use: the default for 0, at most kPageSizeMax.  INVALID_FIELD when negative.
absl::StatusOr<std::size_t> ReadPageSize(int page_size);

// An opaque token that continues behind `last`, for the same list only: the request's type and its
// filters (all fields but page_size and page_token) are part of it.
std::string MakePageToken(const google::protobuf::Message& request, std::string_view last);

// Behind what the request's page_token continues; empty for the first page.  INVALID_FIELD when it
// is no token of this list.
absl::StatusOr<std::string> ReadPageToken(const google::protobuf::Message& request);

// Whether a resource has in each of the request's filters that is not empty the same value.
std::function<bool(const google::protobuf::Message&)> FilterOf(
    const google::protobuf::Message& request);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_SERVICE_PAGE_H_
