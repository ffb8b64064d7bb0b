#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <iterator>
#include <memory>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/file_system.h"
#include "base/status_macros.h"
#include "tollgate/cli/apply.h"
#include "tollgate/cli/field_form.h"
#include "tollgate/cli/message_value.h"
#include "tollgate/cli/output_format.h"
#include "tollgate/cli/resource_client.h"
#include "tollgate/cli/resource_document.h"
#include "tollgate/cli/resource_kind.h"
#include "tollgate/cli/table.h"
#include "tollgate/cli/verbs.h"

namespace tollgate::cli {
namespace {

using google::protobuf::Message;

constexpr char kAllKinds[] = "all";
constexpr char kStdin[] = "-";

// Objects to a kind that there is not, for the command line.
std::string CheckKind(const std::string& name) {
  if (FindResourceKind(name) != nullptr) return "";
  return absl::StrCat("unknown kind '", name, "' (known: ", ResourceKindNames(), ")");
}

struct ApplyFlags {
  std::string file;
  bool dry_run = false;
};

absl::Status Apply(const ApplyFlags& flags, Context& context, Session& session) {
  std::string text;
  std::string name = flags.file;
  if (flags.file == kStdin) {
    text.assign(std::istreambuf_iterator<char>(context.in), {});
    name = "<stdin>";
  } else {
    TG_ASSIGN_OR_RETURN(text, RealFileSystem().ReadFile(flags.file));
  }
  TG_ASSIGN_OR_RETURN(std::vector<ResourceDocument> documents, ReadResources(text, name));
  TG_ASSIGN_OR_RETURN(const RpcClient* admin, session.Admin());
  const ResourceClient client(*admin);
  TG_ASSIGN_OR_RETURN(const ApplyPlan plan, PlanApply(std::move(documents), client));
  if (flags.dry_run) {
    plan.Print(context.out);
    return absl::OkStatus();
  }
  return ExecuteApply(plan, client, context.out);
}

struct GetFlags {
  std::string kind;
  std::string id;
  std::string format = kTable;
};

// The resource as `apply` takes it, and for programs what the server adds.
Value ToDocument(const ResourceKind& kind, const Message& resource, bool with_server_fields) {
  Value value = ResourceToValue(kind, resource);
  if (!with_server_fields) return value;
  for (const char* name : {"etag", "create_time", "update_time"}) {
    Value field = FieldToValue(resource, *kind.type->FindFieldByName(name));
    value.Add(name, std::move(field));
  }
  return value;
}

Table MakeTable(const ResourceKind& kind, const std::vector<MessagePtr>& resources) {
  std::vector<std::string> header = {"ID"};
  for (std::string_view column : kind.columns) {
    const auto* field = kind.type->FindFieldByName(std::string(column));
    header.push_back(absl::AsciiStrToUpper(FieldName(*field)));
  }
  Table table(std::move(header));
  for (const MessagePtr& resource : resources) {
    std::vector<std::string> cells = {GetString(*resource, "id")};
    for (std::string_view column : kind.columns) {
      const auto* field = kind.type->FindFieldByName(std::string(column));
      cells.push_back(ToCell(FieldToValue(*resource, *field)));
    }
    table.AddRow(std::move(cells));
  }
  return table;
}

absl::StatusOr<std::vector<MessagePtr>> Fetch(const ResourceClient& client,
                                              const ResourceKind& kind, const std::string& id) {
  if (id.empty()) return client.List(kind);
  TG_ASSIGN_OR_RETURN(MessagePtr resource, client.Get(kind, id));
  std::vector<MessagePtr> one;
  one.push_back(std::move(resource));
  return one;
}

absl::Status Get(const GetFlags& flags, Context& context, Session& session) {
  std::vector<const ResourceKind*> kinds;
  if (flags.kind == kAllKinds) {
    if (!flags.id.empty()) return absl::InvalidArgumentError("`get all` takes no name");
    for (const ResourceKind& kind : ResourceKinds()) kinds.push_back(&kind);
  } else {
    kinds.push_back(FindResourceKind(flags.kind));
  }
  TG_ASSIGN_OR_RETURN(const RpcClient* admin, session.Admin());
  const ResourceClient client(*admin);
  std::vector<Value> documents;
  for (const ResourceKind* kind : kinds) {
    TG_ASSIGN_OR_RETURN(const std::vector<MessagePtr> resources, Fetch(client, *kind, flags.id));
    if (flags.format == kTable) {
      if (kinds.size() > 1) context.out << "# " << kind->plural << "\n";
      context.out << MakeTable(*kind, resources).ToText();
      if (kinds.size() > 1) context.out << "\n";
      continue;
    }
    for (const MessagePtr& resource : resources) {
      documents.push_back(ToDocument(*kind, *resource, flags.format == kJson));
    }
  }
  if (flags.format == kTable) return absl::OkStatus();
  if (!flags.id.empty()) {
    PrintValue(context.out, flags.format, documents.front());
  } else {
    PrintValues(context.out, flags.format, documents);
  }
  return absl::OkStatus();
}

struct DeleteFlags {
  std::string kind;
  std::vector<std::string> ids;
};

absl::Status Delete(const DeleteFlags& flags, Context& context, Session& session) {
  const ResourceKind* kind = FindResourceKind(flags.kind);
  TG_ASSIGN_OR_RETURN(const RpcClient* admin, session.Admin());
  const ResourceClient client(*admin);
  for (const std::string& id : flags.ids) {
    TG_RETURN_IF_ERROR(client.Delete(*kind, id));
    context.out << kind->name << "/" << id << " deleted\n";
  }
  return absl::OkStatus();
}

}  // namespace

void AddResourceVerbs(CLI::App& app, Context& context) {
  const auto apply = std::make_shared<ApplyFlags>();
  CLI::App& apply_verb =
      *app.add_subcommand("apply", "Make the world match a YAML file of resources");
  apply_verb.add_option("-f,--file", apply->file, "the file; - reads standard input")->required();
  apply_verb.add_flag("--dry-run", apply->dry_run, "only show what would change");
  apply_verb.callback([apply, &context] {
    context.action = [apply, &context](Session& session) {
      return Apply(*apply, context, session);
    };
  });

  const auto get = std::make_shared<GetFlags>();
  CLI::App& get_verb = *app.add_subcommand("get", "Show resources of a kind, or one of them");
  get_verb.add_option("kind", get->kind, absl::StrCat(ResourceKindNames(), " or all"))
      ->required()
      ->check([](const std::string& name) {
        return name == kAllKinds ? std::string() : CheckKind(name);
      });
  get_verb.add_option("name", get->id, "its id; all of the kind without it");
  AddOutputFlag(get_verb, get->format);
  get_verb.callback([get, &context] {
    context.action = [get, &context](Session& session) { return Get(*get, context, session); };
  });

  const auto remove = std::make_shared<DeleteFlags>();
  CLI::App& delete_verb = *app.add_subcommand("delete", "Delete resources");
  delete_verb.add_option("kind", remove->kind, ResourceKindNames())->required()->check(CheckKind);
  delete_verb.add_option("name", remove->ids, "their ids")->required();
  delete_verb.callback([remove, &context] {
    context.action = [remove, &context](Session& session) {
      return Delete(*remove, context, session);
    };
  });
}

}  // namespace tollgate::cli
