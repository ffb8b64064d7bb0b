#include "controlplane/service/page.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/digest.h"
#include "controlplane/resource/reflect.h"
#include "controlplane/service/admin_api.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

using google::protobuf::FieldDescriptor;

constexpr std::string_view kPageSize = "page_size";
constexpr std::string_view kPageToken = "page_token";

// The string fields of the request that filter, with their values.
std::vector<std::pair<std::string, std::string>> Filters(const Message& request) {
  std::vector<const FieldDescriptor*> fields;
  request.GetReflection()->ListFields(request, &fields);
  std::vector<std::pair<std::string, std::string>> filters;
  for (const FieldDescriptor* field : fields) {
    if (field->name() == kPageSize || field->name() == kPageToken) continue;
    filters.emplace_back(field->name(), StringField(request, field->name()));
  }
  return filters;
}

// What the list is, in 8 bytes.
std::string ListName(const Message& request) {
  constexpr std::size_t kBytes = 8;
  std::string text = request.GetTypeName();
  for (const auto& [field, value] : Filters(request)) text += '\0' + field + '\0' + value;
  return std::string(DigestView(Sha256(text)).substr(0, kBytes));
}

}  // namespace

absl::StatusOr<std::size_t> ReadPageSize(int page_size) {
  if (page_size < 0) return InvalidField(kPageSize, "must not be negative");
  return static_cast<std::size_t>(page_size == 0 ? kPageSizeDefault
                                                 : std::min(page_size, kPageSizeMax));
}

std::string MakePageToken(const Message& request, std::string_view last) {
  return Base64Encode(ListName(request) + std::string(last));
}

absl::StatusOr<std::string> ReadPageToken(const Message& request) {
  const std::string token = StringField(request, kPageToken);
  if (token.empty()) return std::string();
  const std::string name = ListName(request);
  absl::StatusOr<std::string> decoded = Base64Decode(token);
  if (!decoded.ok() || decoded->size() <= name.size() || !decoded->starts_with(name)) {
    return InvalidField(kPageToken, "must come from a former answer to the same request");
  }
  return decoded->substr(name.size());
}

std::function<bool(const Message&)> FilterOf(const Message& request) {
  return [filters = Filters(request)](const Message& resource) {
    return std::all_of(filters.begin(), filters.end(), [&resource](const auto& filter) {
      return StringField(resource, filter.first) == filter.second;
    });
  };
}

}  // namespace tollgate::controlplane
