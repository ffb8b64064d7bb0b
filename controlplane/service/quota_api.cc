#include "controlplane/service/quota_api.h"

#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/scope_ids.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

// Also for what is there but in another workspace: a caller learns nothing about others.
absl::Status NoSuchQuota() {
  return ErrorWithReason(absl::StatusCode::kNotFound, "NOT_FOUND", "there is no such quota");
}

absl::Status MayNot(std::string_view objection) {
  return ErrorWithReason(absl::StatusCode::kPermissionDenied, "PERMISSION_DENIED", objection);
}

absl::Time TimeOf(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixSeconds(timestamp.seconds()) + absl::Nanoseconds(timestamp.nanos());
}

Caller MakeCaller(const Principal& principal, std::string_view method,
                  const std::string& acting_key_id) {
  return {.actor = absl::StrCat(principal.name, " for ", acting_key_id),
          .method = std::string(method),
          .request_id = {},
          .contents = {}};
}

absl::Status CheckTerms(bool has_limit, std::int64_t limit, bool period_stated) {
  if (!has_limit) return InvalidField("limit_nano_usd", "must be stated");
  if (limit < 0) return InvalidField("limit_nano_usd", "must not be negative");
  if (!period_stated) return InvalidField("period", "must be stated");
  return absl::OkStatus();
}

}  // namespace

template <typename Request>
absl::StatusOr<QuotaApi::Subject> QuotaApi::Resolve(const Request& request, bool writes) const {
  const absl::StatusOr<RecordPtr> acting =
      writer_.Get(KindOf(KindId::kKey), request.acting_key_id());
  if (!acting.ok()) return MayNot("the acting key is not known");
  const admin::v1::Key& caller = (*acting)->key();
  const bool expired = caller.has_expire_time() && clock_.Wall() >= TimeOf(caller.expire_time());
  if (caller.revoked() || expired) return MayNot("the acting key is revoked or has expired");
  if (writes && !caller.manages_quotas()) return MayNot("the acting key does not manage quotas");

  Subject subject;
  subject.workspace_id = caller.workspace_id();
  if (request.key_id().empty() == request.quota_entity().empty()) {
    return InvalidField("key_id", "or quota_entity must be stated, and not both");
  }
  if (!request.key_id().empty()) {
    if (!caller.manages_quotas() && request.key_id() != caller.id()) return NoSuchQuota();
    const absl::StatusOr<RecordPtr> key = writer_.Get(KindOf(KindId::kKey), request.key_id());
    if (!key.ok() || (*key)->key().workspace_id() != subject.workspace_id) return NoSuchQuota();
    subject.kind = config::v1::SCOPE_KIND_KEY;
    subject.id = request.key_id();
    return subject;
  }
  if (!caller.manages_quotas()) return NoSuchQuota();
  if (!IsValidScopeName(request.quota_entity())) {
    return InvalidField("quota_entity",
                        "must be 1 to 256 bytes of UTF-8 without control characters");
  }
  subject.kind = config::v1::SCOPE_KIND_QUOTA_ENTITY;
  subject.id = QuotaEntityId(subject.workspace_id, request.quota_entity());
  subject.entity_name = request.quota_entity();
  return subject;
}

// The budget that the quotas API made, else the first hard one that an administrator did.
absl::StatusOr<RecordPtr> QuotaApi::Find(const Subject& subject) const {
  const Kind& kind = KindOf(KindId::kBudget);
  const auto is_quota = [&subject](const Message& resource) {
    const auto& budget = static_cast<const admin::v1::Budget&>(resource);
    return budget.scope_id() == subject.id && budget.scope_kind() == subject.kind &&
           budget.hard() && budget.each_kind() == config::v1::SCOPE_KIND_UNSPECIFIED;
  };
  const absl::StatusOr<RecordPtr> own = writer_.Get(kind, QuotaBudgetId(subject.id));
  if (own.ok() && is_quota((*own)->budget())) return own;
  const std::vector<RecordPtr> others = writer_.List(kind, "", 1, is_quota);
  if (others.empty()) return NoSuchQuota();
  return others.front();
}

admin::v1::Quota QuotaApi::QuotaOf(const Subject& subject, const admin::v1::Budget& budget) {
  admin::v1::Quota quota;
  quota.set_budget_id(budget.id());
  if (subject.kind == config::v1::SCOPE_KIND_KEY) {
    quota.set_key_id(subject.id);
  } else {
    quota.set_quota_entity(subject.entity_name);
  }
  quota.set_limit_nano_usd(budget.limit_nano_usd());
  quota.set_period(budget.period());
  quota.set_active(!budget.disabled() && !budget.archived());
  quota.set_archived(budget.archived());
  return quota;
}

absl::Status QuotaApi::EnsureEntity(const Caller& caller, const Subject& subject) {
  if (subject.kind != config::v1::SCOPE_KIND_QUOTA_ENTITY) return absl::OkStatus();
  const Kind& kind = KindOf(KindId::kQuotaEntity);
  if (writer_.Get(kind, subject.id).ok()) return absl::OkStatus();
  admin::v1::QuotaEntity entity;
  entity.set_workspace_id(subject.workspace_id);
  entity.set_name(subject.entity_name);
  const absl::Status made = writer_.Create(caller, kind, entity).status();
  // Another request may have made it meanwhile.
  return absl::IsAlreadyExists(made) ? absl::OkStatus() : made;
}

absl::StatusOr<admin::v1::Quota> QuotaApi::Get(const admin::v1::GetQuotaRequest& request) const {
  TG_ASSIGN_OR_RETURN(const Subject subject, Resolve(request, /*writes=*/false));
  TG_ASSIGN_OR_RETURN(const RecordPtr budget, Find(subject));
  return QuotaOf(subject, budget->budget());
}

absl::StatusOr<admin::v1::Quota> QuotaApi::Create(const Principal& principal,
                                                  std::string_view method,
                                                  const admin::v1::CreateQuotaRequest& request) {
  TG_ASSIGN_OR_RETURN(const Subject subject, Resolve(request, /*writes=*/true));
  TG_RETURN_IF_ERROR(CheckTerms(request.has_limit_nano_usd(), request.limit_nano_usd(),
                                request.period() != config::v1::PERIOD_UNSPECIFIED));
  const absl::Status exists = ErrorWithReason(absl::StatusCode::kAlreadyExists, "QUOTA_EXISTS",
                                              "there is a quota already; change that one");
  if (Find(subject).ok()) return exists;
  const Caller caller = MakeCaller(principal, method, request.acting_key_id());
  TG_RETURN_IF_ERROR(EnsureEntity(caller, subject));
  admin::v1::Budget budget;
  budget.set_id(QuotaBudgetId(subject.id));
  budget.set_scope_kind(subject.kind);
  budget.set_scope_id(subject.id);
  budget.set_limit_nano_usd(request.limit_nano_usd());
  budget.set_period(request.period());
  budget.set_hard(true);
  const absl::StatusOr<Answer> made = writer_.Create(caller, KindOf(KindId::kBudget), budget);
  if (absl::IsAlreadyExists(made.status())) return exists;  // By another request, meanwhile.
  TG_RETURN_IF_ERROR(made.status());
  return QuotaOf(subject, made->record->budget());
}

absl::StatusOr<admin::v1::Quota> QuotaApi::Update(const Principal& principal,
                                                  std::string_view method,
                                                  const admin::v1::UpdateQuotaRequest& request) {
  TG_ASSIGN_OR_RETURN(const Subject subject, Resolve(request, /*writes=*/true));
  TG_ASSIGN_OR_RETURN(const RecordPtr present, Find(subject));
  admin::v1::Budget patch;
  patch.set_id(present->budget().id());
  google::protobuf::FieldMask mask;
  if (request.has_limit_nano_usd()) {
    if (request.limit_nano_usd() < 0) return InvalidField("limit_nano_usd", "must not be negative");
    patch.set_limit_nano_usd(request.limit_nano_usd());
    mask.add_paths("limit_nano_usd");
  }
  if (request.period() != config::v1::PERIOD_UNSPECIFIED) {
    patch.set_period(request.period());
    mask.add_paths("period");
  }
  if (request.has_active()) {
    patch.set_disabled(!request.active());
    mask.add_paths("disabled");
  }
  if (request.has_archived()) {
    patch.set_archived(request.archived());
    mask.add_paths("archived");
  }
  if (mask.paths().empty()) return QuotaOf(subject, present->budget());
  TG_ASSIGN_OR_RETURN(const Answer answer,
                      writer_.Update(MakeCaller(principal, method, request.acting_key_id()),
                                     KindOf(KindId::kBudget), patch, mask));
  return QuotaOf(subject, answer.record->budget());
}

}  // namespace tollgate::controlplane
