// Protobuf messages as values for people (the form of field_form.h).
#ifndef TOLLGATE_TOLLGATE_CLI_MESSAGE_VALUE_H_
#define TOLLGATE_TOLLGATE_CLI_MESSAGE_VALUE_H_

#include <google/protobuf/message.h>

#include <string_view>

#include "tollgate/cli/value.h"

namespace tollgate::cli {

// A map of the fields in order of their numbers.  Fields that are not set (or have the default
// value, where the two cannot be told apart) are left out.
Value MessageToValue(const google::protobuf::Message& message);

// The same with every field that has a plain value, zeros too: for amounts and records, where 0
// says something.  Absent messages and empty lists are left out.
Value RecordToValue(const google::protobuf::Message& message);

// One field of a message, or kNull when it is not set.
Value FieldToValue(const google::protobuf::Message& message,
                   const google::protobuf::FieldDescriptor& field);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_MESSAGE_VALUE_H_
