#include "tollgate/cli/apply.h"

#include <google/protobuf/util/message_differencer.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "tollgate/cli/field_form.h"
#include "tollgate/cli/message_value.h"

namespace tollgate::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A copy that has this one field only.
MessagePtr Only(const Message& message, const FieldDescriptor& field) {
  MessagePtr copy(message.New());
  copy->CopyFrom(message);
  std::vector<const FieldDescriptor*> fields;
  copy->GetReflection()->ListFields(*copy, &fields);
  for (const FieldDescriptor* other : fields) {
    if (other != &field) copy->GetReflection()->ClearField(copy.get(), other);
  }
  return copy;
}

std::string Shown(const Message& message, const FieldDescriptor& field) {
  const Value value = FieldToValue(message, field);
  return value.kind == Value::Kind::kNull ? "(none)" : ToCell(value);
}

std::vector<FieldChange> Differences(const ResourceKind& kind, const Message& before,
                                     const Message& after) {
  std::vector<FieldChange> changes;
  for (int i = 0; i < kind.type->field_count(); ++i) {
    const FieldDescriptor& field = *kind.type->field(i);
    if (!ResourceKind::IsSpecField(field)) continue;
    if (ResourceKind::IsWriteOnly(field)) {
      if (!GetString(after, field.name()).empty()) {
        changes.push_back({.path = field.name(), .before = "(hidden)", .after = "(hidden)"});
      }
      continue;
    }
    if (google::protobuf::util::MessageDifferencer::Equals(*Only(before, field),
                                                           *Only(after, field))) {
      continue;
    }
    changes.push_back(
        {.path = field.name(), .before = Shown(before, field), .after = Shown(after, field)});
  }
  return changes;
}

// Whether the only thing known of the change is that a secret was stated.
bool OnlySecret(const ResourceChange& change) {
  return change.kind == ResourceChange::Kind::kUpdate && change.fields.size() == 1 &&
         change.fields.front().path == "secret";
}

std::string Describe(const ResourceChange& change) {
  std::vector<std::string> parts;
  for (const FieldChange& field : change.fields) {
    const FieldDescriptor& descriptor = *change.document.kind->type->FindFieldByName(field.path);
    parts.push_back(field.path == "secret" ? "secret (cannot be compared)"
                                           : absl::StrCat(FieldName(descriptor), " ", field.before,
                                                          " -> ", field.after));
  }
  return absl::StrJoin(parts, ", ");
}

// The resources to which a document refers, as (kind, id, field): fields that are named like a kind
// and, for budgets, the scope.
struct Reference {
  const ResourceKind* kind;
  std::string id;
  std::string field;
};

std::vector<Reference> ReferencesOf(const ResourceDocument& document) {
  std::vector<Reference> references;
  for (int i = 0; i < document.kind->type->field_count(); ++i) {
    const FieldDescriptor& field = *document.kind->type->field(i);
    if (field.is_repeated() || field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) continue;
    if (!absl::EndsWith(field.name(), "_id")) continue;
    std::string name = field.name().substr(0, field.name().size() - 3);
    if (name == "scope") {
      const FieldDescriptor* kind = document.kind->type->FindFieldByName("scope_kind");
      name = ToCell(FieldToValue(*document.resource, *kind));
    }
    // A provider may be one that only the catalog knows: the server says so, if not.
    if (name == "provider") continue;
    const ResourceKind* kind = FindResourceKind(name);
    std::string id = GetString(*document.resource, field.name());
    if (kind != nullptr && !id.empty()) references.push_back({kind, std::move(id), field.name()});
  }
  return references;
}

absl::Status CheckReferences(const std::vector<ResourceChange>& changes,
                             const ResourceClient& client) {
  std::set<std::string> known;
  for (const ResourceChange& change : changes) known.insert(change.document.Label());
  for (const ResourceChange& change : changes) {
    for (const Reference& reference : ReferencesOf(change.document)) {
      const std::string label = absl::StrCat(reference.kind->name, "/", reference.id);
      if (known.contains(label)) continue;
      const absl::Status status = client.Get(*reference.kind, reference.id).status();
      if (status.code() == absl::StatusCode::kNotFound) {
        return change.document.Error(
            ErrorWithReason(absl::StatusCode::kFailedPrecondition, "PARENT_NOT_FOUND",
                            absl::StrCat(reference.field, " names ", label,
                                         ", which does not exist and is not in the file")));
      }
      TG_RETURN_IF_ERROR(status);
      known.insert(label);
    }
  }
  return absl::OkStatus();
}

absl::Status PlanOne(const ResourceClient& client, ResourceChange& change) {
  const ResourceDocument& document = change.document;
  const absl::StatusOr<MessagePtr> current = client.Get(*document.kind, document.id);
  if (current.status().code() == absl::StatusCode::kNotFound) {
    change.kind = ResourceChange::Kind::kCreate;
    return absl::OkStatus();
  }
  if (absl::IsInvalidArgument(current.status())) return document.Error(current.status());
  TG_RETURN_IF_ERROR(current.status());
  change.fields = Differences(*document.kind, **current, *document.resource);
  change.etag = GetString(**current, "etag");
  change.kind =
      change.fields.empty() ? ResourceChange::Kind::kUnchanged : ResourceChange::Kind::kUpdate;
  return absl::OkStatus();
}

// Makes one change.  False: it turned out to be none.
absl::StatusOr<bool> Execute(const ResourceChange& change, const ResourceClient& client,
                             std::ostream& out) {
  const ResourceDocument& document = change.document;
  if (change.kind == ResourceChange::Kind::kCreate) {
    const absl::StatusOr<CreatedResource> created =
        client.Create(*document.kind, *document.resource);
    if (!created.ok()) return document.Error(created.status());
    out << document.Label() << " created\n";
    if (!created->secret.empty()) {
      out << "  its secret, shown only now: " << created->secret.Reveal() << "\n";
    }
    return true;
  }
  const MessagePtr patch(document.resource->New());
  patch->CopyFrom(*document.resource);
  SetString(*patch, "etag", change.etag);
  std::vector<std::string> paths;
  for (const FieldChange& field : change.fields) paths.push_back(field.path);
  const absl::StatusOr<MessagePtr> updated = client.Update(*document.kind, *patch, paths);
  if (!updated.ok()) return document.Error(updated.status());
  // The server knows whether a secret is the one it has: then nothing changed.
  if (OnlySecret(change) && GetString(**updated, "etag") == change.etag) return false;
  out << document.Label() << " updated: " << (OnlySecret(change) ? "secret" : Describe(change))
      << "\n";
  return true;
}

struct Counts {
  int created = 0;
  int updated = 0;
  int unchanged = 0;
};

}  // namespace

void ApplyPlan::Print(std::ostream& out) const {
  Counts counts;
  for (const ResourceChange& change : changes) {
    if (change.kind == ResourceChange::Kind::kUnchanged) {
      ++counts.unchanged;
    } else if (change.kind == ResourceChange::Kind::kCreate) {
      ++counts.created;
      out << change.document.Label() << " would be created\n";
    } else {
      ++counts.updated;
      out << change.document.Label() << " would be updated: " << Describe(change) << "\n";
    }
  }
  out << counts.created << " to create, " << counts.updated << " to update, " << counts.unchanged
      << " unchanged\n";
}

absl::StatusOr<ApplyPlan> PlanApply(std::vector<ResourceDocument> documents,
                                    const ResourceClient& client) {
  ApplyPlan plan;
  for (ResourceDocument& document : documents) {
    ResourceChange change{.document = std::move(document)};
    TG_RETURN_IF_ERROR(PlanOne(client, change));
    plan.changes.push_back(std::move(change));
  }
  TG_RETURN_IF_ERROR(CheckReferences(plan.changes, client));
  // ResourceKinds() is in an order of reference, and its elements lie in that order.
  std::stable_sort(plan.changes.begin(), plan.changes.end(),
                   [](const ResourceChange& a, const ResourceChange& b) {
                     return a.document.kind < b.document.kind;
                   });
  return plan;
}

absl::Status ExecuteApply(const ApplyPlan& plan, const ResourceClient& client, std::ostream& out) {
  Counts counts;
  for (const ResourceChange& change : plan.changes) {
    if (change.kind == ResourceChange::Kind::kUnchanged) {
      ++counts.unchanged;
      continue;
    }
    TG_ASSIGN_OR_RETURN(const bool changed, Execute(change, client, out));
    if (!changed) {
      ++counts.unchanged;
    } else if (change.kind == ResourceChange::Kind::kCreate) {
      ++counts.created;
    } else {
      ++counts.updated;
    }
  }
  out << counts.created << " created, " << counts.updated << " updated, " << counts.unchanged
      << " unchanged\n";
  return absl::OkStatus();
}

}  // namespace tollgate::cli
