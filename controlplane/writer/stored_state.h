// What the store holds, read at start.
#ifndef TOLLGATE_CONTROLPLANE_WRITER_STORED_STATE_H_
#define TOLLGATE_CONTROLPLANE_WRITER_STORED_STATE_H_

#include <optional>

#include "absl/status/statusor.h"
#include "controlplane/publish/facts.h"
#include "controlplane/publish/revision_log.h"
#include "controlplane/resource/world.h"
#include "controlplane/store/config_store.h"
#include "tollgate/configstore/v1/record.pb.h"

namespace tollgate::controlplane {

struct StoredState {
  std::optional<configstore::v1::Head> head;  // Absent in a new store.
  World world;
  Facts facts;
  RevisionLog log;
};

// Reads all of it.  DataLoss for a row that cannot be read; FailedPrecondition for a store that a
// later version of the program wrote.
absl::StatusOr<StoredState> ReadStoredState(ConfigStore& store);

// The rows of a revision and of the head.
configstore::v1::RevisionEntry ToEntry(const LoggedRevision& revision);
std::string HeadRow(std::uint64_t epoch, const LoggedRevision& revision);

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_WRITER_STORED_STATE_H_
