#include "controlplane/resource/field_update.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/util/field_mask_util.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "controlplane/resource/reflect.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::FieldMask;
using google::protobuf::util::FieldMaskUtil;

constexpr std::string_view kServerFields[] = {"id", "etag", "create_time", "update_time"};

bool IsServerField(std::string_view path) {
  const std::string_view top = path.substr(0, path.find('.'));
  return std::find(std::begin(kServerFields), std::end(kServerFields), top) !=
         std::end(kServerFields);
}

// The fields that the caller means.
std::vector<std::string> NamedPaths(const Message& patch, const FieldMask& mask) {
  std::vector<std::string> paths;
  if (mask.paths_size() == 1 && mask.paths(0) == "*") {
    for (int i = 0; i < patch.GetDescriptor()->field_count(); ++i) {
      paths.push_back(patch.GetDescriptor()->field(i)->name());
    }
  } else if (mask.paths().empty()) {
    std::vector<const FieldDescriptor*> fields;
    patch.GetReflection()->ListFields(patch, &fields);
    for (const FieldDescriptor* field : fields) paths.push_back(field->name());
  } else {
    paths.assign(mask.paths().begin(), mask.paths().end());
  }
  return paths;
}

}  // namespace

absl::Status ApplyUpdate(const Kind& kind, const Message& patch, const FieldMask& mask,
                         Message& resource) {
  if (mask.paths_size() > kMaskPathsMax) {
    return InvalidField("update_mask", "must name at most 64 fields");
  }
  FieldMask effective;
  for (const std::string& path : NamedPaths(patch, mask)) {
    if (!FieldMaskUtil::GetFieldDescriptors(patch.GetDescriptor(), path, nullptr)) {
      return InvalidField("update_mask", absl::StrCat("names ", path, ", which does not exist"));
    }
    if (!IsServerField(path)) effective.add_paths(path);
  }
  const std::unique_ptr<Message> before(resource.New());
  before->CopyFrom(resource);
  FieldMaskUtil::MergeOptions options;
  options.set_replace_message_fields(true);
  options.set_replace_repeated_fields(true);
  if (!effective.paths().empty()) {
    FieldMaskUtil::MergeMessageTo(patch, effective, options, &resource);
  }
  for (std::string_view field : kind.immutable_fields) {
    if (FieldEquals(*before, resource, field)) continue;
    return WithField(ErrorWithReason(absl::StatusCode::kInvalidArgument, "IMMUTABLE_FIELD",
                                     absl::StrCat(AbslView(field), " cannot change; delete the ",
                                                  AbslView(kind.name), " and create another")),
                     field);
  }
  return absl::OkStatus();
}

}  // namespace tollgate::controlplane
