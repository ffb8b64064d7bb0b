// Whether a body goes to a provider as the caller wrote it, or is read and written anew.
#ifndef TOLLGATE_DATAPLANE_REQUEST_PASS_THROUGH_H_
#define TOLLGATE_DATAPLANE_REQUEST_PASS_THROUGH_H_

#include <string_view>

#include "dataplane/request/scanned_request.h"
#include "dataplane/snapshot/catalog.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// True when the provider's format is one of the surface's own (Surface::formats()), the messages
// have nothing that this gateway wrote of other makers' models (ScannedRequest::foreign_parts), and
// none of the provider's quirks concerns something that this request has: then only
// ProviderFormat::Rewrite() touches the body.  Otherwise ProviderFormat::WriteRequest() writes it,
// the one place that obeys all quirks, also within one format.
//
// `body` is what Surface::Scan() accepted and made `scan` of.  Costs a few loads where the provider
// has no quirks, and else at most one walk over the body.  May be false for a request that no quirk
// concerns (a word of it stands where it means something else): such a body is written as it was
// meant.  A null is a member that the request does not have.
bool PassesThrough(const Surface& surface, const Provider& provider, const ScannedRequest& scan,
                   std::string_view body);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_PASS_THROUGH_H_
