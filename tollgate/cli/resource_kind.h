// The kinds of resources of the admin API, read off their protos.
//
// A new kind is one line in resource_kind.cc: its YAML, its tables, its RPCs and its verbs follow
// from the descriptor.
#ifndef TOLLGATE_TOLLGATE_CLI_RESOURCE_KIND_H_
#define TOLLGATE_TOLLGATE_CLI_RESOURCE_KIND_H_

#include <google/protobuf/descriptor.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::cli {

struct ResourceKind {
  const google::protobuf::Descriptor* type;
  std::vector<std::string_view> columns;  // Shown in tables besides the id; names of proto fields.
  std::string name;                       // "alias".
  std::string plural;                     // "aliases".
  const google::protobuf::ServiceDescriptor* service;

  // The method that begins with `verb` ("Get", "List", "Create", "Update", "Delete").
  const google::protobuf::MethodDescriptor& Method(std::string_view verb) const;

  // Whether the field is part of the spec: stated by people, not by the server.
  static bool IsSpecField(const google::protobuf::FieldDescriptor& field);

  // Whether the server takes the field and never shows it.
  static bool IsWriteOnly(const google::protobuf::FieldDescriptor& field);
};

// All kinds, in an order in which each may refer to those before it.
std::span<const ResourceKind> ResourceKinds();

// By name or plural; nullptr for an unknown one.
const ResourceKind* FindResourceKind(std::string_view name);

// "alias, budget, …" for messages.
std::string ResourceKindNames();

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_RESOURCE_KIND_H_
