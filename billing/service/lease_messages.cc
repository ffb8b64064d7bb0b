#include "billing/service/lease_messages.h"

#include <optional>

#include "billing/lease/account_ref.h"

namespace tollgate::billing {
namespace {

lease::v1::Shortage ToProto(Shortage shortage) {
  switch (shortage) {
    case Shortage::kNone:
      return lease::v1::SHORTAGE_UNSPECIFIED;
    case Shortage::kExhausted:
      return lease::v1::SHORTAGE_EXHAUSTED;
    case Shortage::kReserved:
      return lease::v1::SHORTAGE_RESERVED;
    case Shortage::kUnknownAccount:
      return lease::v1::SHORTAGE_UNKNOWN_ACCOUNT;
  }
  return lease::v1::SHORTAGE_UNSPECIFIED;
}

lease::v1::Lease::State ToProto(LeaseState state) {
  switch (state) {
    case LeaseState::kOpen:
      return lease::v1::Lease::STATE_OPEN;
    case LeaseState::kSuspended:
      return lease::v1::Lease::STATE_SUSPENDED;
    case LeaseState::kClosed:
      return lease::v1::Lease::STATE_CLOSED;
  }
  return lease::v1::Lease::STATE_UNSPECIFIED;
}

}  // namespace

WantRequest FromProto(const lease::v1::LeaseRequest::Want& want) {
  return {.account = want.account(),
          .granted = Money::FromNanoUsd(want.granted_nano_usd()),
          .released = Money::FromNanoUsd(want.released_nano_usd()),
          .need = Money::FromNanoUsd(want.need_nano_usd()),
          .want = Money::FromNanoUsd(want.want_nano_usd()),
          .nonce = want.nonce(),
          .close = want.close(),
          .cap = Money::FromNanoUsd(want.cap_nano_usd())};
}

SlotWant FromProto(const lease::v1::LeaseRequest::SlotWant& want) {
  return {.subject = want.subject(),
          .limit = want.limit(),
          .in_use = want.in_use(),
          .returned = want.returned(),
          .wanted = want.wanted()};
}

lease::v1::LeaseResponse ToProto(const SlotGrant& answer) {
  lease::v1::LeaseResponse response;
  response.mutable_slot_grant()->set_subject(answer.subject);
  response.mutable_slot_grant()->set_granted(answer.granted);
  response.mutable_slot_grant()->set_recalled(answer.recalled);
  return response;
}

lease::v1::LeaseResponse ToProto(const LeaseMessage& message) {
  lease::v1::LeaseResponse response;
  if (const auto* recall = std::get_if<RecallNotice>(&message.content)) {
    response.mutable_recall()->set_account(recall->account);
    return response;
  }
  if (const auto* give_up = std::get_if<GiveUpNotice>(&message.content)) {
    response.mutable_give_up()->set_incarnation(give_up->incarnation);
    return response;
  }
  const GrantAnswer& answer = std::get<GrantAnswer>(message.content);
  lease::v1::Grant* grant = response.mutable_grant();
  grant->set_account(answer.account);
  grant->set_granted_nano_usd(answer.granted.nano_usd());
  const std::int64_t ttl_ms = absl::ToInt64Milliseconds(answer.ttl);
  grant->mutable_ttl()->set_seconds(ttl_ms / 1000);
  grant->mutable_ttl()->set_nanos(static_cast<std::int32_t>(ttl_ms % 1000 * 1'000'000));
  grant->set_nonce(answer.nonce);
  grant->set_shortage(ToProto(answer.shortage));
  grant->set_cap_nano_usd(answer.cap.nano_usd());
  grant->set_settled_nano_usd(answer.settled.nano_usd());
  grant->set_outstanding_nano_usd(answer.outstanding.nano_usd());
  grant->set_closed(answer.closed);
  return response;
}

void AddBindingRevision(const BindingRevisions& binding, lease::v1::LeaseResponse* response) {
  if (!response->has_grant()) return;
  const std::optional<AccountRef> ref = ParseAccountRef(response->grant().account());
  if (!ref.has_value() || ref->kind != AccountKind::kWallet) return;
  const ConfigRevision revision = binding.Of(ref->id);
  if (revision == ConfigRevision{}) return;
  response->mutable_grant()->mutable_config_revision()->set_epoch(revision.epoch);
  response->mutable_grant()->mutable_config_revision()->set_number(revision.number);
}

lease::v1::Lease ToProto(const LeaseView& view) {
  lease::v1::Lease out;
  out.set_account(view.row.key.account);
  out.set_node_id(view.row.key.node_id);
  out.set_incarnation(view.row.key.incarnation);
  out.set_granted_nano_usd(view.row.totals.granted.nano_usd());
  out.set_released_nano_usd(view.row.totals.released.nano_usd());
  out.set_settled_nano_usd(view.row.totals.settled.nano_usd());
  out.set_outstanding_nano_usd(view.row.totals.outstanding().nano_usd());
  out.set_state(ToProto(view.state));
  return out;
}

}  // namespace tollgate::billing
