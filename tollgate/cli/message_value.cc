#include "tollgate/cli/message_value.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/digest.h"
#include "base/money.h"
#include "tollgate/cli/field_form.h"

namespace tollgate::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

enum class Zeros { kLeftOut, kShown };

Value StructToValue(const google::protobuf::Struct& fields);

Value JsonValue(const google::protobuf::Value& json) {
  switch (json.kind_case()) {
    case google::protobuf::Value::kNumberValue:
      return Value::Number(absl::StrCat(json.number_value()));
    case google::protobuf::Value::kStringValue:
      return Value::Text(json.string_value());
    case google::protobuf::Value::kBoolValue:
      return Value::Bool(json.bool_value());
    case google::protobuf::Value::kStructValue:
      return StructToValue(json.struct_value());
    case google::protobuf::Value::kListValue: {
      Value list = Value::List();
      for (const auto& item : json.list_value().values()) list.items.push_back(JsonValue(item));
      return list;
    }
    default:
      return Value();
  }
}

Value StructToValue(const google::protobuf::Struct& fields) {
  Value map = Value::Map();
  for (const auto& [name, json] : fields.fields()) map.Add(name, JsonValue(json));
  std::sort(map.fields.begin(), map.fields.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return map;
}

// A message of a type that may not be the generated class's own instance (it always is here).
template <typename T>
const T& As(const Message& message) {
  return static_cast<const T&>(message);
}

Value WholeMessage(const Message& message, Zeros zeros);

Value SubMessage(const Message& message, Zeros zeros) {
  const Descriptor* type = message.GetDescriptor();
  if (type == Timestamp::descriptor()) {
    const auto& time = As<Timestamp>(message);
    return Value::Text(
        absl::FormatTime("%Y-%m-%dT%H:%M:%E*SZ",
                         absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos()),
                         absl::UTCTimeZone()));
  }
  if (type == Duration::descriptor()) {
    const auto& duration = As<Duration>(message);
    return Value::Text(absl::FormatDuration(absl::Seconds(duration.seconds()) +
                                            absl::Nanoseconds(duration.nanos())));
  }
  if (type == google::protobuf::Struct::descriptor()) {
    return StructToValue(As<google::protobuf::Struct>(message));
  }
  return WholeMessage(message, zeros);
}

Value EnumValue(const FieldDescriptor& field, int number) {
  const auto* value = field.enum_type()->FindValueByNumber(number);
  return value != nullptr ? Value::Text(EnumText(*value)) : Value::Number(absl::StrCat(number));
}

Value StringValue(const FieldDescriptor& field, const std::string& text) {
  return Value::Text(field.type() == FieldDescriptor::TYPE_BYTES ? HexEncode(text) : text);
}

Value Singular(const Message& message, const FieldDescriptor& field, Zeros zeros) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return StringValue(field, reflection.GetString(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return Value::Bool(reflection.GetBool(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return EnumValue(field, reflection.GetEnumValue(message, &field));
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return SubMessage(reflection.GetMessage(message, &field), zeros);
    case FieldDescriptor::CPPTYPE_INT64: {
      const std::int64_t number = reflection.GetInt64(message, &field);
      if (IsMoneyField(field)) return Value::Text(Money::FromNanoUsd(number).ToUsdString());
      return Value::Number(absl::StrCat(number));
    }
    case FieldDescriptor::CPPTYPE_INT32:
      return Value::Number(absl::StrCat(reflection.GetInt32(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT32:
      return Value::Number(absl::StrCat(reflection.GetUInt32(message, &field)));
    case FieldDescriptor::CPPTYPE_UINT64:
      return Value::Number(absl::StrCat(reflection.GetUInt64(message, &field)));
    default:
      return Value();  // The protos have no floating point.
  }
}

Value Repeated(const Message& message, const FieldDescriptor& field, Zeros zeros) {
  const Reflection& reflection = *message.GetReflection();
  Value list = Value::List();
  for (int i = 0; i < reflection.FieldSize(message, &field); ++i) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      list.items.push_back(SubMessage(reflection.GetRepeatedMessage(message, &field, i), zeros));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      list.items.push_back(StringValue(field, reflection.GetRepeatedString(message, &field, i)));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      list.items.push_back(EnumValue(field, reflection.GetRepeatedEnumValue(message, &field, i)));
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
      list.items.push_back(
          Value::Number(absl::StrCat(reflection.GetRepeatedUInt32(message, &field, i))));
    }
  }
  return list;
}

bool IsSet(const Message& message, const FieldDescriptor& field) {
  const Reflection& reflection = *message.GetReflection();
  return field.is_repeated() ? reflection.FieldSize(message, &field) > 0
                             : reflection.HasField(message, &field);
}

Value WholeMessage(const Message& message, Zeros zeros) {
  Value map = Value::Map();
  const Descriptor& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const bool shown = IsSet(message, field) ||
                       (zeros == Zeros::kShown && !field.is_repeated() && !field.has_presence());
    if (!shown) continue;
    map.Add(FieldName(field), field.is_repeated() ? Repeated(message, field, zeros)
                                                  : Singular(message, field, zeros));
  }
  return map;
}

}  // namespace

Value MessageToValue(const Message& message) { return WholeMessage(message, Zeros::kLeftOut); }

Value RecordToValue(const Message& message) { return WholeMessage(message, Zeros::kShown); }

Value FieldToValue(const Message& message, const FieldDescriptor& field) {
  if (!IsSet(message, field)) return Value();
  return field.is_repeated() ? Repeated(message, field, Zeros::kLeftOut)
                             : Singular(message, field, Zeros::kLeftOut);
}

}  // namespace tollgate::cli
