// Fields of the admin API that are agreed on and that no service acts on yet: to take them would
// promise what is not kept, so that they are refused, and not offered by the CLI.  The list shrinks
// as they come into force.
#ifndef TOLLGATE_PROTO_VALIDATE_PENDING_FIELDS_H_
#define TOLLGATE_PROTO_VALIDATE_PENDING_FIELDS_H_

#include <string>

namespace google::protobuf {
class FieldDescriptor;
class Message;
}  // namespace google::protobuf

namespace tollgate {

// Whether nobody acts on the field yet.
bool IsPendingField(const google::protobuf::FieldDescriptor& field);

// The name of a pending field that `message`, or a message in it, has set; empty for none.
std::string FindPendingField(const google::protobuf::Message& message);

}  // namespace tollgate

#endif  // TOLLGATE_PROTO_VALIDATE_PENDING_FIELDS_H_
