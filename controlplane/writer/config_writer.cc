#include "controlplane/writer/config_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/ids.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "controlplane/resource/field_update.h"
#include "controlplane/resource/reflect.h"
#include "controlplane/store/schema.h"
#include "controlplane/writer/audit.h"
#include "proto/validate/field_error.h"

namespace tollgate::controlplane {
namespace {

absl::Status NotFound(const Kind& kind, const std::string& id) {
  return ErrorWithReason(absl::StatusCode::kNotFound, "NOT_FOUND",
                         absl::StrCat("there is no ", AbslView(kind.name), " ", id));
}

// The key of the caller's memo; empty when there is to be none.
std::string MemoKey(const Caller& caller) {
  return caller.request_id.empty() ? "" : MemoRowKey(caller.actor, caller.request_id);
}

absl::Status CheckRequestId(const std::string& request_id) {
  bool fine = request_id.size() <= kRequestIdCharsMax;
  for (char c : request_id) fine = fine && c > ' ' && c < 0x7f;
  if (fine) return absl::OkStatus();
  return InvalidField("request_id", "must be at most 128 printable characters without blanks");
}

// To which workspace a resource belongs; empty for none, and for kinds that belong to none.
std::string WorkspaceOf(const Message& resource) {
  const bool has = resource.GetDescriptor()->FindFieldByName("workspace_id") != nullptr;
  return has ? StringField(resource, "workspace_id") : "";
}

std::vector<std::string> KeysOf(const ResourceChanges& changes) {
  std::vector<std::string> keys;
  keys.reserve(changes.size());
  for (const ResourceChange& change : changes) keys.push_back(change.key);
  return keys;
}

}  // namespace

ConfigWriter::ConfigWriter(const Parts& parts, StoredState state)
    : parts_(parts),
      secret_tools_{parts.peppers, parts.sealer, parts.random},
      world_(std::move(state.world)),
      facts_(std::move(state.facts)),
      memos_(parts.store, parts.peppers, parts.clock) {}

absl::StatusOr<std::unique_ptr<ConfigWriter>> ConfigWriter::Open(
    const Parts& parts, const ConfigWriterOptions& options) {
  TG_ASSIGN_OR_RETURN(StoredState state, ReadStoredState(parts.store));
  StoredState head_and_log{.head = state.head, .world = {}, .facts = {}, .log = state.log};
  std::unique_ptr<ConfigWriter> writer(new ConfigWriter(parts, std::move(state)));
  TG_RETURN_IF_ERROR(writer->memos_.Load());
  TG_RETURN_IF_ERROR(writer->Start(head_and_log, options));
  return writer;
}

absl::Status ConfigWriter::Start(const StoredState& state, const ConfigWriterOptions& options) {
  TG_ASSIGN_OR_RETURN(const ResourceChanges all, ProjectAll(world_, facts_));
  ResourceSet dataplane;
  ResourceSet billing;
  dataplane.Apply(ForDataplane(all));
  billing.Apply(ForBilling(all));
  LoggedRevision current{.number = 1,
                         .keys = {},
                         .dataplane_digest = dataplane.digest(),
                         .billing_digest = billing.digest()};
  RevisionLog log = state.log;
  bool same = false;
  if (state.head.has_value()) {
    epoch_ = state.head->revision().epoch();
    current.number = state.head->revision().number();
    same = state.head->entry().dataplane_digest() == current.dataplane_digest &&
           state.head->entry().billing_digest() == current.billing_digest;
    if (!same || options.restore) ++current.number;
  }
  if (options.restore) {
    const auto seconds = static_cast<std::uint64_t>(absl::ToUnixSeconds(parts_.clock.Wall()));
    epoch_ = std::max(epoch_ + 1, seconds);
  }
  TG_ASSIGN_OR_RETURN(const std::vector<StoreEntry> rows, parts_.store.Scan(Table::kRevisions, {}));
  if (!rows.empty()) {
    TG_ASSIGN_OR_RETURN(first_logged_, ParseNumberRowKey(rows.front().key));
  }
  if (!same || options.restore) {
    StoreBatch batch;
    for (const StoreEntry& row : rows) batch.Delete(Table::kRevisions, row.key);
    batch.Put(Table::kRevisions, NumberRowKey(current.number),
              ToEntry(current).SerializeAsString());
    batch.Put(Table::kMeta, std::string(kHeadKey), HeadRow(epoch_, current));
    TG_RETURN_IF_ERROR(Write(batch));
    first_logged_ = current.number;
    log = RevisionLog();
    log.Append(current);
  }
  number_ = current.number;
  publisher_ = std::make_unique<Publisher>(epoch_, std::move(dataplane), std::move(billing),
                                           std::move(log), number_);
  return absl::OkStatus();
}

absl::StatusOr<std::optional<Answer>> ConfigWriter::FindRepeated(const Caller& caller) {
  TG_RETURN_IF_ERROR(CheckRequestId(caller.request_id));
  if (caller.request_id.empty()) return std::optional<Answer>();
  const std::string row_key = MemoKey(caller);
  TG_ASSIGN_OR_RETURN(std::optional<configstore::v1::Memo> memo,
                      memos_.Find(row_key, caller.contents));
  if (!memo.has_value()) return std::optional<Answer>();
  Answer answer;
  if (memo->has_answer()) {
    answer.record = std::make_shared<const Record>(std::move(*memo->mutable_answer()));
  }
  answer.key_secret = memos_.FindSecret(row_key);
  return std::optional<Answer>(std::move(answer));
}

absl::Status ConfigWriter::AssignId(const Kind& kind, Message& resource) {
  std::string id = IdOf(resource);
  if (kind.derive_id != nullptr) {
    const std::string derived = kind.derive_id(resource);
    if (!id.empty() && id != derived) {
      return InvalidField("id", absl::StrCat("is made by the server; it would be ", derived));
    }
    id = derived;
    SetStringField(resource, "id", id);
  }
  if (id.empty() && kind.id_prefix.empty()) return InvalidField("id", "must be stated");
  if (id.empty()) {
    id = NewId(kind.id_prefix, parts_.random);
    SetStringField(resource, "id", id);
  }
  if (!kind.is_valid_id(id)) return InvalidField("id", "has a form that is not allowed");
  if (world_.Find(kind.id, id) != nullptr) {
    return ErrorWithReason(absl::StatusCode::kAlreadyExists, "ALREADY_EXISTS",
                           absl::StrCat("there is a ", AbslView(kind.name), " ", id, " already"));
  }
  if (world_.Count(kind.id) >= kResourcesPerKindMax) {
    return ErrorWithReason(absl::StatusCode::kResourceExhausted, "TOO_MANY_RESOURCES",
                           "a control plane keeps at most a million resources of a kind");
  }
  return absl::OkStatus();
}

absl::StatusOr<RecordPtr> ConfigWriter::FindForChange(const Kind& kind, const std::string& id,
                                                      const std::string& etag) const {
  RecordPtr record = world_.Find(kind.id, id);
  if (record == nullptr) return NotFound(kind, id);
  if (etag.empty() || etag == EtagOf(ResourceOf(kind, *record))) return record;
  return ErrorWithReason(absl::StatusCode::kAborted, "ETAG_MISMATCH",
                         absl::StrCat("the ", AbslView(kind.name), " ", id,
                                      " changed since it was read; read it again"));
}

absl::StatusOr<Answer> ConfigWriter::Create(const Caller& caller, const Kind& kind,
                                            const Message& resource) {
  std::lock_guard lock(writer_mutex_);
  TG_ASSIGN_OR_RETURN(std::optional<Answer> repeated, FindRepeated(caller));
  if (repeated.has_value()) return *std::move(repeated);
  Record record;
  Message& added = MutableResourceOf(kind, record);
  added.CopyFrom(resource);
  TG_RETURN_IF_ERROR(AssignId(kind, added));
  SetTimeField(added, "create_time", parts_.clock.Wall());
  return CommitRecord(caller, nullptr, std::move(record));
}

absl::StatusOr<Answer> ConfigWriter::Update(const Caller& caller, const Kind& kind,
                                            const Message& patch,
                                            const google::protobuf::FieldMask& mask) {
  std::lock_guard lock(writer_mutex_);
  TG_ASSIGN_OR_RETURN(std::optional<Answer> repeated, FindRepeated(caller));
  if (repeated.has_value()) return *std::move(repeated);
  TG_ASSIGN_OR_RETURN(RecordPtr before, FindForChange(kind, IdOf(patch), EtagOf(patch)));
  Record after = *before;
  Message& changed = MutableResourceOf(kind, after);
  TG_RETURN_IF_ERROR(ApplyUpdate(kind, patch, mask, changed));
  if (kind.drop_known_secret != nullptr) kind.drop_known_secret(secret_tools_, after);
  if (SerializeDeterministic(after) == SerializeDeterministic(*before)) {
    return AnswerUnchanged(caller, std::move(before));
  }
  if (kind.validate_change != nullptr) {
    TG_RETURN_IF_ERROR(kind.validate_change(ResourceOf(kind, *before), changed));
  }
  return CommitRecord(caller, std::move(before), std::move(after));
}

absl::StatusOr<Answer> ConfigWriter::Delete(const Caller& caller, const Kind& kind,
                                            const std::string& id, const std::string& etag) {
  std::lock_guard lock(writer_mutex_);
  TG_ASSIGN_OR_RETURN(std::optional<Answer> repeated, FindRepeated(caller));
  if (repeated.has_value()) return *std::move(repeated);
  Change change;
  TG_ASSIGN_OR_RETURN(change.before, FindForChange(kind, id, etag));
  const std::size_t referrers = world_.ReferrersOf(kind.id, id);
  const bool catalog_knows = kind.id == KindId::kProvider && facts_.providers.contains(id);
  if (referrers > 0 && !catalog_knows) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "HAS_CHILDREN",
                           absl::StrCat(referrers, " resources refer to the ", AbslView(kind.name),
                                        " ", id, "; delete them first"));
  }
  change.planned = {kind.id, id, nullptr};
  TG_ASSIGN_OR_RETURN(change.published, PlanPublished(change.planned));
  return Commit(caller, std::move(change));
}

absl::StatusOr<Answer> ConfigWriter::CommitRecord(const Caller& caller, RecordPtr before,
                                                  Record record) {
  const Kind& kind = KindOf(record);
  Message& resource = MutableResourceOf(kind, record);
  TG_RETURN_IF_ERROR(kind.validate(resource));
  SetTimeField(resource, "update_time", parts_.clock.Wall());
  SetStringField(resource, "etag", absl::StrCat(epoch_, "-", number_ + 1));
  Change change;
  change.before = std::move(before);
  if (kind.take_secret != nullptr) {
    TG_RETURN_IF_ERROR(kind.take_secret(secret_tools_, record, change.key_secret));
  }
  change.planned = {kind.id, IdOf(resource), std::make_shared<const Record>(std::move(record))};
  TG_RETURN_IF_ERROR(ProjectRecord(*change.planned.record).status());
  TG_RETURN_IF_ERROR(CheckReferences(kind, ResourceOf(kind, *change.planned.record)));
  TG_ASSIGN_OR_RETURN(change.published, PlanPublished(change.planned));
  return Commit(caller, std::move(change));
}

absl::Status ConfigWriter::CheckReferences(const Kind& kind, const Message& resource) const {
  const std::string workspace = WorkspaceOf(resource);
  for (const Reference& reference : ReferencesOf(kind, resource)) {
    const Kind& referred = KindOf(reference.kind);
    const RecordPtr record = world_.Find(reference.kind, reference.id);
    if (record != nullptr) {
      const std::string other = WorkspaceOf(ResourceOf(referred, *record));
      if (workspace.empty() || other.empty() || workspace == other) continue;
      return WithField(
          ErrorWithReason(absl::StatusCode::kFailedPrecondition, "OTHER_WORKSPACE",
                          absl::StrCat("the ", AbslView(referred.name), " ", reference.id,
                                       " belongs to the workspace ", other)),
          reference.field);
    }
    if (reference.catalog_may_know) continue;
    return WithField(ErrorWithReason(absl::StatusCode::kFailedPrecondition, "PARENT_NOT_FOUND",
                                     absl::StrCat("there is no ", AbslView(referred.name), " ",
                                                  reference.id, "; create it first")),
                     reference.field);
  }
  return absl::OkStatus();
}

absl::StatusOr<ResourceChanges> ConfigWriter::PlanPublished(const PlannedRecord& planned) const {
  const auto audience = planned.kind == KindId::kWebhook ? config::v1::AUDIENCE_BILLING
                                                         : config::v1::AUDIENCE_DATAPLANE;
  const ResourceSet& published = publisher_->published(audience);
  if (planned.kind == KindId::kProvider || planned.kind == KindId::kCredential) {
    return PlanCatalogPart(world_, planned, facts_, published);
  }
  const Kind& kind = KindOf(planned.kind);
  if (kind.project == nullptr) return ResourceChanges();
  const std::string key = ResourceRowKey(kind.name, planned.id);
  ResourcePtr resource;
  if (planned.record != nullptr) {
    TG_ASSIGN_OR_RETURN(resource, ProjectRecord(*planned.record));
  }
  const ResourcePtr former = published.Find(key);
  if (former != nullptr && resource != nullptr && former->hash() == resource->hash()) {
    return ResourceChanges();
  }
  return ResourceChanges{{key, std::move(resource)}};
}

Publication ConfigWriter::NextPublication(const ResourceChanges& changes, StoreBatch& batch) const {
  Publication publication;
  publication.dataplane = ForDataplane(changes);
  publication.billing = ForBilling(changes);
  const ResourceSet& dataplane_set = publisher_->published(config::v1::AUDIENCE_DATAPLANE);
  const ResourceSet& billing_set = publisher_->published(config::v1::AUDIENCE_BILLING);
  publication.logged = {.number = number_ + 1,
                        .keys = KeysOf(changes),
                        .dataplane_digest = dataplane_set.DigestAfter(publication.dataplane),
                        .billing_digest = billing_set.DigestAfter(publication.billing)};
  const LoggedRevision& next = publication.logged;
  batch.Put(Table::kRevisions, NumberRowKey(next.number), ToEntry(next).SerializeAsString());
  batch.Put(Table::kMeta, std::string(kHeadKey), HeadRow(epoch_, next));
  if (next.number - first_logged_ >= kLogRevisionsMax) {
    batch.Delete(Table::kRevisions, NumberRowKey(first_logged_));
  }
  return publication;
}

absl::Status ConfigWriter::Write(const StoreBatch& batch) {
  const absl::Status status = parts_.store.Write(batch);
  if (status.ok()) return status;
  healthy_.store(false, std::memory_order_release);
  LogEvent(LogLevel::kError, "config_write_failed", {{"error", status}});
  return ErrorWithReason(absl::StatusCode::kUnavailable, "STORE_FAILED",
                         "the configuration could not be written; see the control plane's log");
}

absl::StatusOr<Answer> ConfigWriter::Commit(const Caller& caller, Change change) {
  StoreBatch batch;
  const Publication publication = NextPublication(change.published, batch);

  const PlannedRecord& planned = change.planned;
  const std::string row_key = ResourceRowKey(KindOf(planned.kind).name, planned.id);
  if (planned.record != nullptr) {
    batch.Put(Table::kResources, row_key, planned.record->SerializeAsString());
  } else {
    batch.Delete(Table::kResources, row_key);
  }
  const admin::v1::AuditEntry entry = MakeAuditEntry({.sequence = publication.logged.number,
                                                      .time = parts_.clock.Wall(),
                                                      .actor = caller.actor,
                                                      .method = caller.method,
                                                      .request_id = caller.request_id,
                                                      .before = change.before.get(),
                                                      .after = planned.record.get()});
  batch.Put(Table::kAudit, NumberRowKey(entry.sequence()), entry.SerializeAsString());
  const std::string memo_key = MemoKey(caller);
  if (!memo_key.empty()) {
    TG_RETURN_IF_ERROR(memos_.Add(memo_key, caller.contents, planned.record.get(), batch));
  }
  TG_RETURN_IF_ERROR(Write(batch));

  memos_.Commit();
  if (!memo_key.empty() && !change.key_secret.empty()) {
    memos_.KeepSecret(memo_key, change.key_secret);
  }
  audit_entries_.fetch_add(1, std::memory_order_relaxed);
  {
    std::unique_lock lock(world_mutex_);
    planned.record != nullptr ? world_.Put(planned.record)
                              : world_.Remove(planned.kind, planned.id);
  }
  if (publication.logged.number - first_logged_ >= kLogRevisionsMax) ++first_logged_;
  number_ = publication.logged.number;
  publisher_->Publish(publication);
  TellProviders();
  return Answer{planned.record, std::move(change.key_secret)};
}

absl::StatusOr<Answer> ConfigWriter::AnswerUnchanged(const Caller& caller, RecordPtr record) {
  const std::string memo_key = MemoKey(caller);
  if (!memo_key.empty()) {
    StoreBatch batch;
    TG_RETURN_IF_ERROR(memos_.Add(memo_key, caller.contents, record.get(), batch));
    TG_RETURN_IF_ERROR(Write(batch));
    memos_.Commit();
  }
  return Answer{std::move(record), Secret()};
}

absl::Status ConfigWriter::AdoptFacts(const catalog::v1::Facts& facts) {
  std::lock_guard lock(writer_mutex_);
  Facts adopted = ReadFacts(facts);
  const std::map<std::string, std::string> former_rows = FactRows(facts_);
  const std::map<std::string, std::string> rows = FactRows(adopted);
  if (rows == former_rows) return absl::OkStatus();
  StoreBatch batch;
  for (const auto& [key, value] : rows) {
    const auto former = former_rows.find(key);
    if (former == former_rows.end() || former->second != value) {
      batch.Put(Table::kFacts, key, value);
    }
  }
  for (const auto& [key, value] : former_rows) {
    if (!rows.contains(key)) batch.Delete(Table::kFacts, key);
  }
  const Publication publication =
      NextPublication(PlanCatalogPart(world_, std::nullopt, adopted,
                                      publisher_->published(config::v1::AUDIENCE_DATAPLANE)),
                      batch);
  TG_RETURN_IF_ERROR(Write(batch));
  facts_ = std::move(adopted);
  if (publication.logged.number - first_logged_ >= kLogRevisionsMax) ++first_logged_;
  number_ = publication.logged.number;
  publisher_->Publish(publication);
  return absl::OkStatus();
}

absl::StatusOr<RecordPtr> ConfigWriter::Get(const Kind& kind, const std::string& id) const {
  std::shared_lock lock(world_mutex_);
  RecordPtr record = world_.Find(kind.id, id);
  if (record == nullptr) return NotFound(kind, id);
  return record;
}

std::vector<RecordPtr> ConfigWriter::List(
    const Kind& kind, std::string_view after, std::size_t limit,
    const std::function<bool(const Message&)>& matches) const {
  std::shared_lock lock(world_mutex_);
  return world_.List(kind.id, after, limit, matches);
}

void ConfigWriter::SetProvidersListener(
    std::function<void(const std::set<std::string>&)> listener) {
  std::lock_guard lock(writer_mutex_);
  providers_listener_ = std::move(listener);
  providers_ = ProvidersInUse(world_, std::nullopt);
  if (providers_listener_) providers_listener_(providers_);
}

void ConfigWriter::TellProviders() {
  std::set<std::string> providers = ProvidersInUse(world_, std::nullopt);
  if (providers == providers_) return;
  providers_ = std::move(providers);
  if (providers_listener_) providers_listener_(providers_);
}

}  // namespace tollgate::controlplane
