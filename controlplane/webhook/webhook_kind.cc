#include "controlplane/webhook/webhook_kind.h"

#include "base/ids.h"
#include "base/status_macros.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/sealed_secret.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"workspace_id"};

// Shorter ones can be guessed from one signed message.
constexpr std::size_t kSecretCharsMin = 16;
constexpr std::size_t kSecretCharsMax = 256;

absl::Status Validate(const admin::v1::Webhook& webhook) {
  TG_RETURN_IF_ERROR(ValidateDisplayName(webhook.display_name()));
  const std::string& secret = webhook.secret();
  bool fine =
      secret.empty() || (secret.size() >= kSecretCharsMin && secret.size() <= kSecretCharsMax);
  for (const char c : secret) fine = fine && c >= ' ' && c < 0x7f;
  if (fine) return absl::OkStatus();
  return InvalidField("secret", "must be 16 to 256 printable ASCII characters");
}

void References(const admin::v1::Webhook& webhook, std::vector<Reference>& out) {
  if (!webhook.workspace_id().empty()) {
    out.push_back({KindId::kWorkspace, webhook.workspace_id(), "workspace_id"});
  }
}

void DropKnownSecret(const SecretTools& tools, Record& record) {
  admin::v1::Webhook& webhook = *record.mutable_webhook();
  DropKnownSealedSecret(tools, "webhook", webhook.id(), record, webhook.mutable_secret());
}

absl::Status TakeSecret(const SecretTools& tools, Record& record, Secret&) {
  admin::v1::Webhook& webhook = *record.mutable_webhook();
  return SealSecret(tools, "webhook", webhook.id(), record, webhook.mutable_secret());
}

void Project(const Record& record, config::v1::Resource& out) {
  const admin::v1::Webhook& from = record.webhook();
  config::v1::Webhook& webhook = *out.mutable_webhook();
  webhook.set_id(from.id());
  webhook.set_url(from.url());
  webhook.set_sealed_secret(record.sealed_secret());
  webhook.set_disabled(from.disabled());
}

}  // namespace

const Kind kWebhookKind = {
    .id = KindId::kWebhook,
    .name = "webhook",
    .id_prefix = "hook_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .drop_known_secret = &DropKnownSecret,
    .take_secret = &TakeSecret,
    .project = &Project,
};

}  // namespace tollgate::controlplane
