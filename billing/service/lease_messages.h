// Between lease.proto and the lease book.
#ifndef TOLLGATE_BILLING_SERVICE_LEASE_MESSAGES_H_
#define TOLLGATE_BILLING_SERVICE_LEASE_MESSAGES_H_

#include "billing/lease/lease.h"
#include "tollgate/lease/v1/lease.pb.h"

namespace tollgate::billing {

WantRequest FromProto(const lease::v1::LeaseRequest::Want& want);
lease::v1::LeaseResponse ToProto(const LeaseMessage& message);
lease::v1::Lease ToProto(const LeaseView& view);

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_SERVICE_LEASE_MESSAGES_H_
