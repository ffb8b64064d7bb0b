#include "tollgate/cli/message_reader.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/check.h"
#include "base/money.h"
#include "base/string_views.h"
#include "tollgate/cli/field_form.h"

namespace tollgate::cli {
namespace {

using google::protobuf::Duration;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::Timestamp;

void ReadMoney(const ConfigNode& node, const FieldDescriptor& field, Message& message) {
  const std::string name = FieldName(field);
  const std::optional<std::string> text = node.GetOptional<std::string>(name);
  if (!text.has_value()) return;
  const absl::StatusOr<Money> money = Money::ParseUsd(*text);
  if (!money.ok()) {
    return node.Fail(
        name, absl::StrCat("must be a decimal of US dollars such as 5 or 0.25, got '", *text, "'"));
  }
  message.GetReflection()->SetInt64(&message, &field, money->nano_usd());
}

void ReadEnum(const ConfigNode& node, const FieldDescriptor& field, Message& message) {
  const std::optional<std::string> text = node.GetOptional<std::string>(field.name());
  if (!text.has_value()) return;
  const auto* value = ParseEnumText(*field.enum_type(), *text);
  if (value == nullptr) {
    return node.Fail(field.name(), absl::StrCat("must be one of ", EnumChoices(*field.enum_type()),
                                                ", got '", *text, "'"));
  }
  message.GetReflection()->SetEnum(&message, &field, value);
}

void ReadTimestamp(const ConfigNode& node, const FieldDescriptor& field, Message& message) {
  const std::optional<std::string> text = node.GetOptional<std::string>(field.name());
  if (!text.has_value()) return;
  absl::Time time;
  if (!absl::ParseTime(absl::RFC3339_full, *text, &time, nullptr)) {
    return node.Fail(
        field.name(),
        absl::StrCat("must be a time such as 2026-01-31T12:00:00Z, got '", *text, "'"));
  }
  auto& timestamp =
      static_cast<Timestamp&>(*message.GetReflection()->MutableMessage(&message, &field));
  const std::int64_t seconds = absl::ToUnixSeconds(time);
  timestamp.set_seconds(seconds);
  timestamp.set_nanos(
      static_cast<std::int32_t>(absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(seconds))));
}

void ReadDuration(const ConfigNode& node, const FieldDescriptor& field, Message& message) {
  const auto value = node.GetOptional<absl::Duration>(field.name());
  if (!value.has_value()) return;
  if (*value == absl::InfiniteDuration()) return node.Fail(field.name(), "must be finite");
  auto& duration =
      static_cast<Duration&>(*message.GetReflection()->MutableMessage(&message, &field));
  absl::Duration rest;
  duration.set_seconds(absl::IDivDuration(*value, absl::Seconds(1), &rest));
  duration.set_nanos(static_cast<std::int32_t>(absl::ToInt64Nanoseconds(rest)));
}

void ReadSubMessage(const ConfigNode& node, const FieldDescriptor& field, Message& message) {
  if (field.message_type() == Timestamp::descriptor()) return ReadTimestamp(node, field, message);
  if (field.message_type() == Duration::descriptor()) return ReadDuration(node, field, message);
  if (!node.Has(field.name())) return;
  ReadMessage(
      node.Child(field.name()), [](const FieldDescriptor&) { return true; },
      *message.GetReflection()->MutableMessage(&message, &field));
}

template <typename T>
std::optional<T> ReadInteger(const ConfigNode& node, const FieldDescriptor& field) {
  if (!node.Has(field.name())) return std::nullopt;
  return static_cast<T>(node.GetInt(field.name(), 0,
                                    {.min = std::int64_t{std::numeric_limits<T>::min()},
                                     .max = std::int64_t{std::numeric_limits<T>::max()}}));
}

void ReadScalar(const ConfigNode& node, const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      if (auto text = node.GetOptional<std::string>(field.name())) {
        reflection.SetString(&message, &field, *std::move(text));
      }
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (auto value = node.GetOptional<bool>(field.name())) {
        reflection.SetBool(&message, &field, *value);
      }
      return;
    case FieldDescriptor::CPPTYPE_INT32:
      if (auto value = ReadInteger<std::int32_t>(node, field)) {
        reflection.SetInt32(&message, &field, *value);
      }
      return;
    case FieldDescriptor::CPPTYPE_UINT32:
      if (auto value = ReadInteger<std::uint32_t>(node, field)) {
        reflection.SetUInt32(&message, &field, *value);
      }
      return;
    case FieldDescriptor::CPPTYPE_INT64:
      if (auto value = ReadInteger<std::int64_t>(node, field)) {
        reflection.SetInt64(&message, &field, *value);
      }
      return;
    default:
      CHECK(false) << "no YAML form for " << field.full_name();
  }
}

void ReadRepeated(const ConfigNode& node, const FieldDescriptor& field, Message& message) {
  const Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    for (const ConfigNode& child : node.Children(field.name())) {
      ReadMessage(
          child, [](const FieldDescriptor&) { return true; },
          *reflection.AddMessage(&message, &field));
    }
    return;
  }
  for (std::string& text : node.Get<std::vector<std::string>>(field.name(), {})) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
      reflection.AddString(&message, &field, std::move(text));
      continue;
    }
    CHECK(field.cpp_type() == FieldDescriptor::CPPTYPE_UINT32) << field.full_name();
    std::uint32_t number = 0;
    if (!absl::SimpleAtoi(text, &number)) {
      return node.Fail(field.name(), absl::StrCat("must be whole numbers, got '", text, "'"));
    }
    reflection.AddUInt32(&message, &field, number);
  }
}

}  // namespace

void ReadMessage(const ConfigNode& node, const std::function<bool(const FieldDescriptor&)>& wanted,
                 Message& message) {
  const auto& type = *message.GetDescriptor();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (!wanted(field)) continue;
    if (field.is_repeated()) {
      ReadRepeated(node, field, message);
    } else if (IsMoneyField(field)) {
      ReadMoney(node, field, message);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
      ReadEnum(node, field, message);
    } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      ReadSubMessage(node, field, message);
    } else {
      ReadScalar(node, field, message);
    }
  }
}

}  // namespace tollgate::cli
