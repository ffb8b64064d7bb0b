#include "tollgate/cli/field_form.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace tollgate::cli {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;

constexpr char kNanoUsd[] = "nano_usd";

// "ScopeKind" → "SCOPE_KIND_".
std::string ValuePrefix(const EnumDescriptor& type) {
  std::string prefix;
  for (char c : type.name()) {
    if (absl::ascii_isupper(static_cast<unsigned char>(c)) && !prefix.empty()) prefix += '_';
    prefix += absl::ascii_toupper(static_cast<unsigned char>(c));
  }
  return prefix + "_";
}

}  // namespace

bool IsMoneyField(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_INT64 &&
         absl::EndsWith(field.name(), kNanoUsd);
}

std::string FieldName(const FieldDescriptor& field) {
  if (!IsMoneyField(field)) return field.name();
  return absl::StrCat(field.name().substr(0, field.name().size() - (sizeof(kNanoUsd) - 1)), "usd");
}

std::string EnumText(const EnumValueDescriptor& value) {
  const std::string prefix = ValuePrefix(*value.type());
  const bool has_prefix = absl::StartsWith(value.name(), prefix);
  return absl::AsciiStrToLower(has_prefix ? value.name().substr(prefix.size()) : value.name());
}

const EnumValueDescriptor* ParseEnumText(const EnumDescriptor& type, std::string_view text) {
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() != 0 && EnumText(*type.value(i)) == text) return type.value(i);
  }
  return nullptr;
}

std::string EnumChoices(const EnumDescriptor& type) {
  std::string choices;
  for (int i = 0; i < type.value_count(); ++i) {
    if (type.value(i)->number() == 0) continue;
    absl::StrAppend(&choices, choices.empty() ? "" : ", ", EnumText(*type.value(i)));
  }
  return choices;
}

}  // namespace tollgate::cli
