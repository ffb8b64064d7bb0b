// The human-readable form of protobuf fields, the same in YAML, JSON, tables and flags:
//
//   an amount, `limit_nano_usd: 5000000000`  →  `limit_usd: "5"`, an exact decimal of dollars
//   an enum value, `PERIOD_DAILY`            →  `daily`
//   a Duration                               →  `1m30s`
//   a Timestamp                              →  `2026-01-31T12:00:00Z`, RFC 3339 in UTC
//   bytes                                    →  lower-case hexadecimal
//
// Everything else has the name and the value of its proto.  message_value.h writes this form and
// message_reader.h reads it.
#ifndef TOLLGATE_TOLLGATE_CLI_FIELD_FORM_H_
#define TOLLGATE_TOLLGATE_CLI_FIELD_FORM_H_

#include <google/protobuf/descriptor.h>

#include <string>
#include <string_view>

namespace tollgate::cli {

// Whether the field is an amount in nano-USD.
bool IsMoneyField(const google::protobuf::FieldDescriptor& field);

// The name under which people see the field.
std::string FieldName(const google::protobuf::FieldDescriptor& field);

// The value without its enum's prefix, in lower case.
std::string EnumText(const google::protobuf::EnumValueDescriptor& value);

// Inverts EnumText(); nullptr for an unknown text, and for "unspecified".
const google::protobuf::EnumValueDescriptor* ParseEnumText(
    const google::protobuf::EnumDescriptor& type, std::string_view text);

// All texts that ParseEnumText() takes: "daily, weekly".
std::string EnumChoices(const google::protobuf::EnumDescriptor& type);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_FIELD_FORM_H_
