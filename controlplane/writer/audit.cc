#include "controlplane/writer/audit.h"

#include <google/protobuf/util/json_util.h>

#include "base/check.h"
#include "controlplane/resource/reflect.h"

namespace tollgate::controlplane {
namespace {

// The resource by the rules of proto3 JSON, with the names of the proto.
void Describe(const Message& resource, google::protobuf::Struct& out) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  std::string json;
  const bool printed = google::protobuf::util::MessageToJsonString(resource, &json, options).ok() &&
                       google::protobuf::util::JsonStringToMessage(json, &out).ok();
  CHECK(printed) << "a valid " << resource.GetTypeName() << " has no JSON form";
}

admin::v1::AuditEntry::Action ActionOf(const AuditedChange& change) {
  if (change.before == nullptr) return admin::v1::AuditEntry::ACTION_CREATE;
  if (change.after == nullptr) return admin::v1::AuditEntry::ACTION_DELETE;
  return admin::v1::AuditEntry::ACTION_UPDATE;
}

}  // namespace

admin::v1::AuditEntry MakeAuditEntry(const AuditedChange& change) {
  CHECK(change.before != nullptr || change.after != nullptr);
  const Record& any = change.after != nullptr ? *change.after : *change.before;
  const Kind& kind = KindOf(any);
  admin::v1::AuditEntry entry;
  entry.set_sequence(change.sequence);
  SetTimeField(entry, "time", change.time);
  entry.set_actor(change.actor);
  entry.set_method(change.method);
  entry.set_action(ActionOf(change));
  entry.set_resource_kind(std::string(kind.name));
  entry.set_resource_id(IdOf(ResourceOf(kind, any)));
  entry.set_request_id(change.request_id);
  if (change.before != nullptr) {
    Describe(ResourceOf(kind, *change.before), *entry.mutable_before());
  }
  if (change.after != nullptr) Describe(ResourceOf(kind, *change.after), *entry.mutable_after());
  return entry;
}

}  // namespace tollgate::controlplane
