#include "controlplane/member/member_kind.h"

#include "base/ids.h"
#include "base/status_macros.h"
#include "controlplane/resource/display_name.h"
#include "controlplane/resource/typed.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

constexpr std::string_view kImmutableFields[] = {"workspace_id"};

constexpr std::size_t kEmailCharsMax = 254;  // RFC 5321, 4.5.3.1.3, less the angle brackets.

absl::Status Validate(const admin::v1::Member& member) {
  TG_RETURN_IF_ERROR(ValidateDisplayName(member.display_name()));
  const std::string& email = member.email();
  bool plain = email.size() <= kEmailCharsMax;
  for (const char c : email) plain = plain && c > ' ' && c < 0x7f;
  const std::size_t at = email.find('@');
  if (email.empty() || (plain && at != 0 && at != std::string::npos && at + 1 < email.size())) {
    return absl::OkStatus();
  }
  return InvalidField("email", "must be an address of at most 254 characters");
}

void References(const admin::v1::Member& member, std::vector<Reference>& out) {
  out.push_back({KindId::kWorkspace, member.workspace_id(), "workspace_id"});
}

void Project(const Record& record, config::v1::Resource& out) {
  const admin::v1::Member& from = record.member();
  config::v1::Member& member = *out.mutable_member();
  member.set_id(from.id());
  member.set_workspace_id(from.workspace_id());
  member.set_disabled(from.disabled());
  if (from.has_limits()) *member.mutable_limits() = from.limits();
}

}  // namespace

const Kind kMemberKind = {
    .id = KindId::kMember,
    .name = "member",
    .id_prefix = "mem_",
    .is_valid_id = &IsValidResourceId,
    .immutable_fields = kImmutableFields,
    .validate = Typed<&Validate>,
    .validate_change = nullptr,
    .references = Typed<&References>,
    .take_secret = nullptr,
    .project = &Project,
};

}  // namespace tollgate::controlplane
