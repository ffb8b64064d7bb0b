// Between lease.proto and the lease book.
#ifndef TOLLGATE_BILLING_SERVICE_LEASE_MESSAGES_H_
#define TOLLGATE_BILLING_SERVICE_LEASE_MESSAGES_H_

#include "billing/config/binding_revisions.h"
#include "billing/lease/lease.h"
#include "billing/lease/slot_book.h"
#include "tollgate/lease/v1/lease.pb.h"

namespace tollgate::billing {

WantRequest FromProto(const lease::v1::LeaseRequest::Want& want);
lease::v1::LeaseResponse ToProto(const LeaseMessage& message);
SlotWant FromProto(const lease::v1::LeaseRequest::SlotWant& want);
lease::v1::LeaseResponse ToProto(const SlotGrant& answer);
lease::v1::Lease ToProto(const LeaseView& view);

// Names in a wallet's Grant the configuration that binds its workspace; leaves other messages.
void AddBindingRevision(const BindingRevisions& binding, lease::v1::LeaseResponse* response);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_LEASE_MESSAGES_H_
