#include "catalog/service/catalog_book.h"

#include <utility>

#include "base/status_macros.h"
#include "catalog/seed/seed.h"

namespace tollgate::catalog {

absl::StatusOr<std::unique_ptr<CatalogBook>> CatalogBook::Open(CatalogStore& store,
                                                               const Clock& clock) {
  TG_ASSIGN_OR_RETURN(StoredCatalog stored, store.Load());
  return std::unique_ptr<CatalogBook>(new CatalogBook(store, clock, std::move(stored)));
}

CatalogBook::CatalogBook(CatalogStore& store, const Clock& clock, StoredCatalog stored)
    : store_(store), clock_(clock), seed_digest_(std::move(stored.seed_digest)) {
  auto snapshot = std::make_shared<CatalogSnapshot>();
  snapshot->state = std::move(stored.state);
  snapshot_ = std::move(snapshot);
}

absl::Status CatalogBook::ImportSeed() {
  absl::MutexLock lock(&writer_mutex_);
  const std::string digest = SeedDigest();
  if (digest == seed_digest_) return absl::OkStatus();
  TG_ASSIGN_OR_RETURN(const Facts facts, SeedFacts());
  TG_RETURN_IF_ERROR(Write(facts, digest).status());
  seed_digest_ = digest;
  return absl::OkStatus();
}

std::shared_ptr<const CatalogSnapshot> CatalogBook::snapshot() const {
  absl::MutexLock lock(&snapshot_mutex_);
  return snapshot_;
}

absl::StatusOr<Change> CatalogBook::Import(const Facts& facts, ImportMode mode) {
  absl::MutexLock lock(&writer_mutex_);
  if (mode == ImportMode::kDryRun) return Merge(snapshot()->state, facts, clock_.Wall());
  return Write(facts, std::nullopt);
}

absl::StatusOr<Change> CatalogBook::Write(const Facts& facts,
                                          std::optional<std::string> seed_digest) {
  const std::shared_ptr<const CatalogSnapshot> before = snapshot();
  TG_ASSIGN_OR_RETURN(Change change, Merge(before->state, facts, clock_.Wall()));
  if (change.empty() && !seed_digest) return change;
  TG_RETURN_IF_ERROR(store_.Write({.facts = change.facts,
                                   .price_versions = change.price_versions,
                                   .seed_digest = std::move(seed_digest)}));
  if (change.empty()) return change;
  auto after = std::make_shared<CatalogSnapshot>(*before);
  Apply(change, after->state);
  ++after->revision;
  const std::shared_ptr<const CatalogSnapshot> shared = std::move(after);
  {
    absl::MutexLock lock(&snapshot_mutex_);
    snapshot_ = shared;
  }
  absl::MutexLock lock(&listeners_mutex_);
  for (const auto& [handle, listener] : listeners_) listener(shared);
  return change;
}

std::int64_t CatalogBook::Subscribe(Listener listener) {
  absl::MutexLock lock(&listeners_mutex_);
  listeners_.emplace(next_handle_, std::move(listener));
  return next_handle_++;
}

void CatalogBook::Unsubscribe(std::int64_t handle) {
  absl::MutexLock lock(&listeners_mutex_);
  listeners_.erase(handle);
}

}  // namespace tollgate::catalog
