#include "tollgate/cli/resource_client.h"

#include <google/protobuf/field_mask.pb.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"

namespace tollgate::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::MethodDescriptor;

constexpr int kPageSize = 1'000;

const FieldDescriptor& Field(const Message& message, const std::string& name) {
  const FieldDescriptor* field = message.GetDescriptor()->FindFieldByName(name);
  CHECK(field != nullptr) << message.GetDescriptor()->full_name() << " has no field " << name;
  return *field;
}

std::string Path(const MethodDescriptor& method) {
  return absl::StrCat(method.service()->full_name(), "/", method.name());
}

// The repeated field of a list's answer that holds the resources.
const FieldDescriptor& ItemsField(const Descriptor& answer, const ResourceKind& kind) {
  for (int i = 0; i < answer.field_count(); ++i) {
    if (answer.field(i)->is_repeated() && answer.field(i)->message_type() == kind.type) {
      return *answer.field(i);
    }
  }
  CHECK(false) << answer.full_name() << " lists no " << kind.plural;
}

MessagePtr Copy(const Message& message) {
  MessagePtr copy(message.New());
  copy->CopyFrom(message);
  return copy;
}

// A request with the resource in the field that is named like its kind.
MessagePtr RequestWith(const MethodDescriptor& method, const ResourceKind& kind,
                       const Message& resource) {
  MessagePtr request = NewMessage(*method.input_type());
  request->GetReflection()
      ->MutableMessage(request.get(), &Field(*request, kind.name))
      ->CopyFrom(resource);
  return request;
}

}  // namespace

MessagePtr NewMessage(const Descriptor& type) {
  const Message* prototype =
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(&type);
  CHECK(prototype != nullptr) << type.full_name();
  return MessagePtr(prototype->New());
}

std::string GetString(const Message& message, const std::string& name) {
  return message.GetReflection()->GetString(message, &Field(message, name));
}

void SetString(Message& message, const std::string& name, std::string value) {
  message.GetReflection()->SetString(&message, &Field(message, name), std::move(value));
}

absl::StatusOr<MessagePtr> ResourceClient::Get(const ResourceKind& kind,
                                               const std::string& id) const {
  const MethodDescriptor& method = kind.Method("Get");
  const MessagePtr request = NewMessage(*method.input_type());
  SetString(*request, "id", id);
  MessagePtr resource = NewMessage(*kind.type);
  TG_RETURN_IF_ERROR(rpc_.Call(Path(method), *request, *resource));
  return resource;
}

absl::StatusOr<std::vector<MessagePtr>> ResourceClient::List(const ResourceKind& kind) const {
  const MethodDescriptor& method = kind.Method("List");
  const FieldDescriptor& items = ItemsField(*method.output_type(), kind);
  const MessagePtr request = NewMessage(*method.input_type());
  request->GetReflection()->SetInt32(request.get(), &Field(*request, "page_size"), kPageSize);
  std::vector<MessagePtr> all;
  while (true) {
    const MessagePtr page = NewMessage(*method.output_type());
    TG_RETURN_IF_ERROR(rpc_.Call(Path(method), *request, *page));
    for (int i = 0; i < page->GetReflection()->FieldSize(*page, &items); ++i) {
      all.push_back(Copy(page->GetReflection()->GetRepeatedMessage(*page, &items, i)));
    }
    std::string next = GetString(*page, "next_page_token");
    if (next.empty()) return all;
    SetString(*request, "page_token", std::move(next));
  }
}

absl::StatusOr<CreatedResource> ResourceClient::Create(const ResourceKind& kind,
                                                       const Message& resource,
                                                       const std::string& request_id) const {
  const MethodDescriptor& method = kind.Method("Create");
  const MessagePtr request = RequestWith(method, kind, resource);
  SetString(*request, "request_id", request_id);
  MessagePtr answer = NewMessage(*method.output_type());
  TG_RETURN_IF_ERROR(rpc_.Call(Path(method), *request, *answer));
  if (method.output_type() == kind.type) {
    return CreatedResource{.resource = std::move(answer), .secret = Secret()};
  }
  // An answer around the resource, with a secret that is shown this once.
  return CreatedResource{
      .resource = Copy(answer->GetReflection()->GetMessage(*answer, &Field(*answer, kind.name))),
      .secret = Secret::Take(GetString(*answer, "secret"))};
}

absl::StatusOr<MessagePtr> ResourceClient::Update(const ResourceKind& kind, const Message& resource,
                                                  const std::vector<std::string>& paths) const {
  const MethodDescriptor& method = kind.Method("Update");
  const MessagePtr request = RequestWith(method, kind, resource);
  auto& mask = static_cast<google::protobuf::FieldMask&>(
      *request->GetReflection()->MutableMessage(request.get(), &Field(*request, "update_mask")));
  for (const std::string& path : paths) mask.add_paths(path);
  MessagePtr answer = NewMessage(*kind.type);
  TG_RETURN_IF_ERROR(rpc_.Call(Path(method), *request, *answer));
  return answer;
}

absl::Status ResourceClient::Delete(const ResourceKind& kind, const std::string& id) const {
  const MethodDescriptor& method = kind.Method("Delete");
  const MessagePtr request = NewMessage(*method.input_type());
  SetString(*request, "id", id);
  const MessagePtr answer = NewMessage(*method.output_type());
  return rpc_.Call(Path(method), *request, *answer);
}

}  // namespace tollgate::cli
