// The few things that the machinery asks of a message by the name of a field.
//
// REQUIRED everywhere: the message has a field of that name and type; the admin messages are
// written to one pattern, and a test walks over all of them.
#ifndef TOLLGATE_CONTROLPLANE_RESOURCE_REFLECT_H_
#define TOLLGATE_CONTROLPLANE_RESOURCE_REFLECT_H_

#include <google/protobuf/message.h>

#include <string>
#include <string_view>

#include "absl/time/time.h"

namespace tollgate::controlplane {

// The field of that name; nullptr when there is none.
const google::protobuf::FieldDescriptor* FindField(const google::protobuf::Message& message,
                                                   std::string_view name);

std::string StringField(const google::protobuf::Message& message, std::string_view name);
void SetStringField(google::protobuf::Message& message, std::string_view name, std::string value);

// A google.protobuf.Timestamp.
void SetTimeField(google::protobuf::Message& message, std::string_view name, absl::Time time);

void ClearField(google::protobuf::Message& message, std::string_view name);

// Whether the field has the same value in two messages of one type.
bool FieldEquals(const google::protobuf::Message& a, const google::protobuf::Message& b,
                 std::string_view name);

// The first message field (of requests: the resource), by number.
const google::protobuf::Message& FirstMessage(const google::protobuf::Message& message);
google::protobuf::Message& MutableFirstMessage(google::protobuf::Message& message);

// Whether the message, or one within it, has a field that its type does not know.
bool HasUnknownFields(const google::protobuf::Message& message);

// The serialized message; equal messages give equal bytes within one version of the program.
std::string SerializeDeterministic(const google::protobuf::Message& message);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_RESOURCE_REFLECT_H_
