// Reads protobuf messages from YAML in the form of field_form.h.
#ifndef TOLLGATE_TOLLGATE_CLI_MESSAGE_READER_H_
#define TOLLGATE_TOLLGATE_CLI_MESSAGE_READER_H_

#include <google/protobuf/message.h>

#include <functional>

#include "base/config_file.h"

namespace tollgate::cli {

// Reads the fields of `message` for which `wanted` holds from `node`.  What is wrong is recorded in
// the node's document (ConfigNode::Finish()); unknown keys are found there, too.
// REQUIRED: the wanted fields are of the types that resources use: strings, bools, integers, enums,
// Durations, Timestamps, messages of these, and lists of strings.
void ReadMessage(const ConfigNode& node,
                 const std::function<bool(const google::protobuf::FieldDescriptor&)>& wanted,
                 google::protobuf::Message& message);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_MESSAGE_READER_H_
