#include "controlplane/resource/reflect.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/unknown_field_set.h>
#include <google/protobuf/util/message_differencer.h>

#include <memory>
#include <utility>
#include <vector>

#include "base/check.h"

namespace tollgate::controlplane {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

const FieldDescriptor* RequireField(const Message& message, std::string_view name) {
  const FieldDescriptor* field = FindField(message, name);
  CHECK(field != nullptr) << message.GetTypeName() << " has no field " << name;
  return field;
}

const FieldDescriptor* FirstMessageField(const Message& message) {
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated()) {
      return field;
    }
  }
  CHECK(false) << message.GetTypeName() << " has no message field";
  return nullptr;
}

}  // namespace

const FieldDescriptor* FindField(const Message& message, std::string_view name) {
  return message.GetDescriptor()->FindFieldByName(std::string(name));
}

std::string StringField(const Message& message, std::string_view name) {
  return message.GetReflection()->GetString(message, RequireField(message, name));
}

void SetStringField(Message& message, std::string_view name, std::string value) {
  message.GetReflection()->SetString(&message, RequireField(message, name), std::move(value));
}

void SetTimeField(Message& message, std::string_view name, absl::Time time) {
  Message* field = message.GetReflection()->MutableMessage(&message, RequireField(message, name));
  google::protobuf::Timestamp value;
  const std::int64_t nanoseconds = absl::ToUnixNanos(time);
  value.set_seconds(nanoseconds / 1'000'000'000);
  value.set_nanos(static_cast<std::int32_t>(nanoseconds % 1'000'000'000));
  field->CopyFrom(value);
}

void ClearField(Message& message, std::string_view name) {
  message.GetReflection()->ClearField(&message, RequireField(message, name));
}

bool FieldEquals(const Message& a, const Message& b, std::string_view name) {
  const FieldDescriptor* field = RequireField(a, name);
  google::protobuf::util::MessageDifferencer differencer;
  return differencer.CompareWithFields(a, b, {field}, {field});
}

const Message& FirstMessage(const Message& message) {
  return message.GetReflection()->GetMessage(message, FirstMessageField(message));
}

Message& MutableFirstMessage(Message& message) {
  return *message.GetReflection()->MutableMessage(&message, FirstMessageField(message));
}

bool HasUnknownFields(const Message& message) {
  const auto* reflection = message.GetReflection();
  if (!reflection->GetUnknownFields(message).empty()) return true;
  std::vector<const FieldDescriptor*> fields;
  reflection->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    if (!field->is_repeated()) {
      if (HasUnknownFields(reflection->GetMessage(message, field))) return true;
      continue;
    }
    for (int i = 0; i < reflection->FieldSize(message, field); ++i) {
      if (HasUnknownFields(reflection->GetRepeatedMessage(message, field, i))) return true;
    }
  }
  return false;
}

std::string SerializeDeterministic(const Message& message) {
  std::string out;
  {
    google::protobuf::io::StringOutputStream stream(&out);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeToCodedStream(&coded);
  }
  return out;
}

}  // namespace tollgate::controlplane
