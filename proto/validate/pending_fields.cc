#include "proto/validate/pending_fields.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

namespace tollgate {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr std::array<std::string_view, 10> kPending = {
    "tollgate.admin.v1.Budget.each_kind",
    "tollgate.admin.v1.Budget.disabled",
    "tollgate.admin.v1.Budget.raises",
    "tollgate.admin.v1.Budget.alert_percents",
    "tollgate.admin.v1.Budget.alert_webhook_ids",
    "tollgate.admin.v1.Key.project_id",
    "tollgate.admin.v1.Key.member_id",
    "tollgate.admin.v1.Key.limits",
    "tollgate.admin.v1.Key.manages_quotas",
    "tollgate.admin.v1.Workspace.limits",
};

}  // namespace

bool IsPendingField(const FieldDescriptor& field) {
  return std::find(kPending.begin(), kPending.end(), field.full_name()) != kPending.end();
}

std::string FindPendingField(const Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (IsPendingField(*field)) return field->name();
    if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    std::string inner = FindPendingField(reflection.GetMessage(message, field));
    if (!inner.empty()) return inner;
  }
  return {};
}

}  // namespace tollgate
