#include "tollgate/cli/resource_document.h"

#include <cstdlib>
#include <map>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/scope_ids.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "tollgate/cli/field_form.h"
#include "tollgate/cli/message_reader.h"
#include "tollgate/cli/message_value.h"

namespace tollgate::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Reads `secret` or one of its two substitutes.
void ReadSecret(const ConfigNode& spec, Message& resource) {
  const auto plain = spec.GetOptional<std::string>("secret");
  const auto env = spec.GetOptional<std::string>("secret_from_env");
  const auto file = spec.GetOptional<std::string>("secret_from_file");
  if (plain.has_value() + env.has_value() + file.has_value() > 1) {
    return spec.Fail(env.has_value() ? "secret_from_env" : "secret_from_file",
                     "is a second source of the secret; give one");
  }
  if (plain.has_value()) return SetString(resource, "secret", *plain);
  if (env.has_value()) {
    const char* value = std::getenv(env->c_str());  // NOLINT(concurrency-mt-unsafe): one thread.
    if (value == nullptr || *value == '\0') {
      return spec.Fail("secret_from_env", absl::StrCat("names ", *env, ", which is not set"));
    }
    return SetString(resource, "secret", value);
  }
  if (file.has_value()) {
    const absl::StatusOr<std::string> text = RealFileSystem().ReadFile(*file);
    if (!text.ok()) {
      return spec.Fail("secret_from_file",
                       absl::StrCat("cannot be read: ", text.status().message()));
    }
    SetString(resource, "secret", std::string(absl::StripAsciiWhitespace(*text)));
  }
}

absl::StatusOr<ResourceDocument> ReadOne(ConfigNode node) {
  ResourceDocument document{.node = std::move(node)};
  const ConfigNode& root = document.node;
  const std::string kind_name = root.Require<std::string>("kind");
  document.kind = FindResourceKind(kind_name);
  // A quota entity's id follows from its name, which people know.
  const bool derived = document.kind != nullptr && document.kind->name == "quota_entity";
  document.id =
      derived ? root.GetOptional<std::string>("id").value_or("") : root.Require<std::string>("id");
  const ConfigNode spec = root.Child("spec");
  if (document.kind == nullptr) {
    if (!kind_name.empty()) {
      root.Fail("kind",
                absl::StrCat("must be one of ", ResourceKindNames(), ", got '", kind_name, "'"));
    }
    TG_RETURN_IF_ERROR(root.Finish());
    return absl::InternalError("a document without a kind was accepted");
  }
  document.resource = NewMessage(*document.kind->type);
  ReadMessage(
      spec,
      [](const FieldDescriptor& field) {
        return ResourceKind::IsSpecField(field) && !ResourceKind::IsWriteOnly(field);
      },
      *document.resource);
  if (derived && document.id.empty()) {
    document.id = QuotaEntityId(GetString(*document.resource, "workspace_id"),
                                GetString(*document.resource, "name"));
  }
  SetString(*document.resource, "id", document.id);
  if (document.kind->type->FindFieldByName("secret") != nullptr) {
    ReadSecret(spec, *document.resource);
  }
  TG_RETURN_IF_ERROR(root.Finish());
  return document;
}

}  // namespace

std::string ResourceDocument::Label() const { return absl::StrCat(kind->name, "/", id); }

absl::Status ResourceDocument::Error(const absl::Status& objection) const {
  node.Fail("id", absl::StrCat("(", Label(), "): ", objection.message()));
  const absl::Status located = node.Finish();
  const std::string reason = ReasonOf(objection);
  if (reason.empty()) return absl::Status(objection.code(), located.message());
  return ErrorWithReason(objection.code(), reason, StdView(located.message()));
}

absl::StatusOr<std::vector<ResourceDocument>> ReadResources(std::string_view text,
                                                            std::string_view name) {
  TG_ASSIGN_OR_RETURN(std::vector<ConfigNode> nodes, ConfigNode::ParseDocuments(text, name));
  if (nodes.size() > kResourceDocumentsMax) {
    return absl::InvalidArgumentError(
        absl::StrCat(AbslView(name), ": more than ", kResourceDocumentsMax, " documents"));
  }
  std::vector<ResourceDocument> documents;
  std::map<std::string, std::size_t> seen;
  for (ConfigNode& node : nodes) {
    TG_ASSIGN_OR_RETURN(ResourceDocument document, ReadOne(std::move(node)));
    if (!seen.emplace(document.Label(), documents.size()).second) {
      return document.Error(absl::InvalidArgumentError("is in the file twice"));
    }
    documents.push_back(std::move(document));
  }
  return documents;
}

Value ResourceToValue(const ResourceKind& kind, const Message& resource) {
  Value spec = Value::Map();
  for (int i = 0; i < kind.type->field_count(); ++i) {
    const FieldDescriptor& field = *kind.type->field(i);
    if (!ResourceKind::IsSpecField(field) || ResourceKind::IsWriteOnly(field)) continue;
    Value value = FieldToValue(resource, field);
    if (value.kind == Value::Kind::kNull) continue;
    spec.Add(FieldName(field), std::move(value));
  }
  Value map = Value::Map();
  map.Add("kind", Value::Text(kind.name));
  map.Add("id", Value::Text(GetString(resource, "id")));
  map.Add("spec", std::move(spec));
  return map;
}

}  // namespace tollgate::cli
