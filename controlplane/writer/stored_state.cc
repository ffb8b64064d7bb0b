#include "controlplane/writer/stored_state.h"

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/status_macros.h"
#include "controlplane/store/schema.h"

namespace tollgate::controlplane {

using configstore::v1::Head;
using configstore::v1::RevisionEntry;

namespace {

absl::Status ReadHead(ConfigStore& store, StoredState& state) {
  TG_ASSIGN_OR_RETURN(std::optional<std::string> row,
                      store.Get(Table::kMeta, std::string(kHeadKey)));
  if (!row.has_value()) return absl::OkStatus();
  Head head;
  if (!head.ParseFromString(*row)) return absl::DataLossError("the store's head cannot be read");
  if (head.format() > kStoreFormat) {
    return absl::FailedPreconditionError(
        absl::StrCat("the store has format ", head.format(), ", this program knows ", kStoreFormat,
                     "; run the version that wrote it, or a later one"));
  }
  state.head = std::move(head);
  return absl::OkStatus();
}

absl::Status ReadResources(ConfigStore& store, StoredState& state) {
  TG_ASSIGN_OR_RETURN(std::vector<StoreEntry> rows, store.Scan(Table::kResources, {}));
  for (const StoreEntry& row : rows) {
    auto record = std::make_shared<Record>();
    if (!record->ParseFromString(row.value) ||
        record->resource_case() == Record::RESOURCE_NOT_SET) {
      return absl::DataLossError(absl::StrCat("the resource ", row.key, " cannot be read"));
    }
    state.world.Put(std::move(record));
  }
  return absl::OkStatus();
}

absl::Status ReadFactRows(ConfigStore& store, StoredState& state) {
  TG_ASSIGN_OR_RETURN(std::vector<StoreEntry> rows, store.Scan(Table::kFacts, {}));
  catalog::v1::Facts facts;
  for (const StoreEntry& row : rows) TG_RETURN_IF_ERROR(ReadFactRow(row.key, row.value, facts));
  state.facts = ReadFacts(facts);
  return absl::OkStatus();
}

absl::Status ReadLog(ConfigStore& store, StoredState& state) {
  TG_ASSIGN_OR_RETURN(std::vector<StoreEntry> rows, store.Scan(Table::kRevisions, {}));
  std::uint64_t expected = 0;
  for (const StoreEntry& row : rows) {
    TG_ASSIGN_OR_RETURN(const std::uint64_t number, ParseNumberRowKey(row.key));
    RevisionEntry entry;
    if (!entry.ParseFromString(row.value) || (expected != 0 && number != expected)) {
      return absl::DataLossError(absl::StrCat("revision ", number, " of the log cannot be read"));
    }
    expected = number + 1;
    state.log.Append({.number = number,
                      .keys = {entry.keys().begin(), entry.keys().end()},
                      .dataplane_digest = entry.dataplane_digest(),
                      .billing_digest = entry.billing_digest()});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<StoredState> ReadStoredState(ConfigStore& store) {
  StoredState state;
  TG_RETURN_IF_ERROR(ReadHead(store, state));
  TG_RETURN_IF_ERROR(ReadResources(store, state));
  TG_RETURN_IF_ERROR(ReadFactRows(store, state));
  TG_RETURN_IF_ERROR(ReadLog(store, state));
  return state;
}

RevisionEntry ToEntry(const LoggedRevision& revision) {
  RevisionEntry entry;
  for (const std::string& key : revision.keys) entry.add_keys(key);
  entry.set_dataplane_digest(revision.dataplane_digest);
  entry.set_billing_digest(revision.billing_digest);
  return entry;
}

std::string HeadRow(std::uint64_t epoch, const LoggedRevision& revision) {
  Head head;
  head.mutable_revision()->set_epoch(epoch);
  head.mutable_revision()->set_number(revision.number);
  head.mutable_entry()->set_dataplane_digest(revision.dataplane_digest);
  head.mutable_entry()->set_billing_digest(revision.billing_digest);
  head.set_format(kStoreFormat);
  return head.SerializeAsString();
}

}  // namespace tollgate::controlplane
