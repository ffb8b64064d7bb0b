#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/config_file.h"
#include "base/status_macros.h"
#include "tollgate/admin/v1/audit_service.pb.h"
#include "tollgate/admin/v1/key_service.pb.h"
#include "tollgate/cli/audit_store.h"
#include "tollgate/cli/message_value.h"
#include "tollgate/cli/output_format.h"
#include "tollgate/cli/resource_document.h"
#include "tollgate/cli/table.h"
#include "tollgate/cli/verbs.h"

namespace tollgate::cli {
namespace {

constexpr char kKeyService[] = "tollgate.admin.v1.KeyService/";
constexpr int kPageSizeMax = 1'000;

struct CreateFlags {
  std::string workspace;
  std::string project;
  std::string member;
  std::string id;
  std::string display_name;
  std::string expires;
  std::vector<std::string> models;
  std::string request_id;
  bool secret_only = false;
};

// "720h" from now, or an RFC 3339 time.
absl::StatusOr<absl::Time> ParseExpiry(const std::string& text) {
  absl::Time time;
  if (absl::ParseTime(absl::RFC3339_full, text, &time, nullptr)) return time;
  const absl::StatusOr<absl::Duration> from_now = ParseConfigDuration(text);
  if (from_now.ok()) return RealClock().Wall() + *from_now;
  return absl::InvalidArgumentError(absl::StrCat(
      "--expires must be a duration such as 720h or a time such as 2026-01-31T12:00:00Z, got '",
      text, "'"));
}

absl::Status CreateKey(const CreateFlags& flags, Context& context, Session& session) {
  admin::v1::CreateKeyRequest request;
  request.set_request_id(flags.request_id);
  admin::v1::Key& key = *request.mutable_key();
  key.set_id(flags.id);
  key.set_display_name(flags.display_name);
  key.set_workspace_id(flags.workspace);
  key.set_project_id(flags.project);
  key.set_member_id(flags.member);
  for (const std::string& model : flags.models) key.add_allowed_models(model);
  if (!flags.expires.empty()) {
    TG_ASSIGN_OR_RETURN(const absl::Time expires, ParseExpiry(flags.expires));
    key.mutable_expire_time()->set_seconds(absl::ToUnixSeconds(expires));
  }
  TG_ASSIGN_OR_RETURN(const RpcClient* admin, session.Admin());
  admin::v1::CreateKeyResponse response;
  TG_RETURN_IF_ERROR(admin->Call(absl::StrCat(kKeyService, "CreateKey"), request, response));
  if (flags.secret_only) {
    context.out << response.secret() << "\n";
    return absl::OkStatus();
  }
  context.out << "key/" << response.key().id() << " created\n";
  if (response.secret().empty()) {
    context.out << "It was made by an earlier call with this request id; its secret was shown "
                   "then.\n";
  } else {
    context.out << "Its secret, shown only now: " << response.secret() << "\n";
  }
  return absl::OkStatus();
}

struct ListFlags {
  std::string workspace;
  std::string format = kTable;
};

std::string KeyState(const admin::v1::Key& key) {
  if (key.revoked()) return "revoked";
  const bool expired = key.has_expire_time() &&
                       absl::FromUnixSeconds(key.expire_time().seconds()) <= RealClock().Wall();
  return expired ? "expired" : "active";
}

absl::Status ListKeys(const ListFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* admin, session.Admin());
  admin::v1::ListKeysRequest request;
  request.set_page_size(kPageSizeMax);
  request.set_workspace_id(flags.workspace);
  Table table({"ID", "WORKSPACE", "STATE", "EXPIRES", "MODELS", "NAME"});
  std::vector<Value> values;
  do {
    admin::v1::ListKeysResponse page;
    TG_RETURN_IF_ERROR(admin->Call(absl::StrCat(kKeyService, "ListKeys"), request, page));
    for (const admin::v1::Key& key : page.keys()) {
      values.push_back(ResourceToValue(*FindResourceKind("key"), key));
      const Value all = MessageToValue(key);
      const auto cell = [&all](const char* name) {
        const Value* value = all.Find(name);
        return value != nullptr ? ToCell(*value) : std::string();
      };
      table.AddRow({key.id(), key.workspace_id(), KeyState(key), cell("expire_time"),
                    key.allowed_models().empty() ? "all" : cell("allowed_models"),
                    key.display_name()});
    }
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  if (flags.format == kTable) {
    context.out << table.ToText();
  } else {
    PrintValues(context.out, flags.format, values);
  }
  return absl::OkStatus();
}

absl::Status RevokeKey(const std::string& id, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* admin, session.Admin());
  admin::v1::RevokeKeyRequest request;
  request.set_id(id);
  admin::v1::Key key;
  TG_RETURN_IF_ERROR(admin->Call(absl::StrCat(kKeyService, "RevokeKey"), request, key));
  context.out << "key/" << key.id() << " revoked\n";
  return absl::OkStatus();
}

struct AuditFlags {
  std::string store;
  std::string kind;
  std::string id;
  int limit = 20;
  std::string format = kTable;
};

absl::Status Audit(const AuditFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* admin, session.Admin());
  admin::v1::ListAuditEntriesRequest request;
  request.set_page_size(flags.limit);
  request.set_resource_kind(flags.kind);
  request.set_resource_id(flags.id);
  admin::v1::ListAuditEntriesResponse page;
  TG_RETURN_IF_ERROR(admin->Call("tollgate.admin.v1.AuditService/ListAuditEntries", request, page));
  Table table({"SEQUENCE", "TIME", "ACTOR", "ACTION", "RESOURCE", "REQUEST ID"});
  std::vector<Value> values;
  for (const admin::v1::AuditEntry& entry : page.entries()) {
    values.push_back(MessageToValue(entry));
    const Value* time = values.back().Find("time");
    const Value* action = values.back().Find("action");
    table.AddRow({absl::StrCat(entry.sequence()), time != nullptr ? time->text : "", entry.actor(),
                  action != nullptr ? action->text : "",
                  absl::StrCat(entry.resource_kind(), "/", entry.resource_id()),
                  entry.request_id()});
  }
  if (flags.format == kTable) {
    context.out << table.ToText();
  } else {
    PrintValues(context.out, flags.format, values);
  }
  return absl::OkStatus();
}

void AddCreateVerb(CLI::App& keys, Context& context) {
  const auto flags = std::make_shared<CreateFlags>();
  CLI::App& verb = *keys.add_subcommand("create", "Make a key; its secret is shown this once");
  verb.add_option("-w,--workspace", flags->workspace, "where it belongs")->required();
  verb.add_option("--project", flags->project, "the project that it serves");
  verb.add_option("--member", flags->member, "to whom it belongs; without it a service key");
  verb.add_option("--id", flags->id, "its public id; chosen by the server without it");
  verb.add_option("--display-name", flags->display_name, "for people");
  verb.add_option("--expires", flags->expires, "a duration from now (720h) or a time (RFC 3339)");
  verb.add_option("--models", flags->models, "what it may call, comma-separated; * at the end")
      ->delimiter(',');
  verb.add_option("--request-id", flags->request_id, "makes a repetition harmless");
  verb.add_flag("--secret-only", flags->secret_only, "print nothing but the secret");
  verb.callback([flags, &context] {
    context.action = [flags, &context](Session& session) {
      return CreateKey(*flags, context, session);
    };
  });
}

}  // namespace

void AddKeyVerbs(CLI::App& app, Context& context) {
  CLI::App& keys = *app.add_subcommand("keys", "Make, list and revoke keys");
  keys.require_subcommand(1);
  AddCreateVerb(keys, context);

  const auto list = std::make_shared<ListFlags>();
  CLI::App& list_verb = *keys.add_subcommand("list", "List keys and their state");
  list_verb.add_option("-w,--workspace", list->workspace, "only of this workspace");
  AddOutputFlag(list_verb, list->format);
  list_verb.callback([list, &context] {
    context.action = [list, &context](Session& session) {
      return ListKeys(*list, context, session);
    };
  });

  const auto id = std::make_shared<std::string>();
  CLI::App& revoke_verb = *keys.add_subcommand("revoke", "Revoke a key for good, everywhere");
  revoke_verb.add_option("id", *id, "its public id (key_…)")->required();
  revoke_verb.callback([id, &context] {
    context.action = [id, &context](Session& session) { return RevokeKey(*id, context, session); };
  });

  const auto audit = std::make_shared<AuditFlags>();
  CLI::App& audit_verb = *app.add_subcommand(
      "audit", "Show who changed what, newest first; with --store, check the ledger");
  audit_verb.add_option("--store", audit->store,
                        "instead: a folder with a billing store that no program has open; every "
                        "balance and charge is recomputed, and a difference fails");
  audit_verb.add_option("--kind", audit->kind, "only of this kind");
  audit_verb.add_option("--id", audit->id, "only of this resource");
  audit_verb.add_option("--limit", audit->limit, "at most so many")
      ->check(CLI::Range(1, kPageSizeMax))
      ->default_str("20");
  AddOutputFlag(audit_verb, audit->format);
  audit_verb.callback([audit, &context] {
    context.action = [audit, &context](Session& session) {
      if (!audit->store.empty()) {
        return AuditStoreVerb(audit->store, audit->format, context.out, context.err);
      }
      return Audit(*audit, context, session);
    };
  });
}

}  // namespace tollgate::cli
