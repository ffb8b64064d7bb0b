#include "catalog/service/watch_reactor.h"

#include <utility>

#include "base/error_map.h"
#include "base/grpc_server.h"
#include "catalog/price/price_version.h"
#include "catalog/wire/facts_proto.h"

namespace tollgate::catalog {

v1::Facts SelectFacts(const CatalogState& state, const std::set<std::string>& provider_ids,
                      absl::Time now) {
  v1::Facts facts;
  std::set<std::string> model_ids;
  for (const std::string& id : provider_ids) {
    const auto provider = state.providers.find(id);
    if (provider != state.providers.end()) *facts.add_providers() = ToProto(provider->second);
    // Offerings are sorted by id, which begins with the provider's.
    const std::string prefix = id + ":";
    for (auto at = state.offerings.lower_bound(prefix);
         at != state.offerings.end() && at->first.starts_with(prefix); ++at) {
      Offering current = at->second;
      current.price_versions = CurrentAndAnnounced(current.price_versions, now);
      *facts.add_offerings() = ToProto(current);
      model_ids.insert(current.model_id);
    }
  }
  for (const std::string& id : model_ids) {
    const auto model = state.models.find(id);
    if (model != state.models.end()) *facts.add_models() = ToProto(model->second);
  }
  return facts;
}

WatchReactor::WatchReactor(CatalogService& service, std::set<std::string> provider_ids)
    : service_(service), provider_ids_(std::move(provider_ids)) {}

void WatchReactor::Start() {
  // Subscribed first: a change between the two is offered, perhaps twice, and never missed.
  subscription_ = service_.book_.Subscribe(
      [this](const std::shared_ptr<const CatalogSnapshot>& snapshot) { Offer(snapshot); });
  Offer(service_.book_.snapshot());
}

void WatchReactor::Offer(std::shared_ptr<const CatalogSnapshot> snapshot) {
  absl::MutexLock lock(&mutex_);
  if (snapshot->revision <= revision_seen_) return;
  revision_seen_ = snapshot->revision;
  pending_ = std::move(snapshot);
  if (!writing_) SendPending();
}

void WatchReactor::SendPending() {
  if (pending_ == nullptr || ended_) return;
  v1::WatchResponse next;
  *next.mutable_facts() = SelectFacts(pending_->state, provider_ids_, service_.clock_.Wall());
  pending_.reset();
  std::string bytes = next.SerializeAsString();
  if (sent_any_ && bytes == sent_) return;
  if (bytes.size() > static_cast<std::size_t>(kGrpcMessageBytesMax)) {
    return EndLocked(absl::ResourceExhaustedError(
        "the facts of these providers do not fit one message; watch fewer providers at a time"));
  }
  sent_ = std::move(bytes);
  sent_any_ = true;
  response_ = std::move(next);
  writing_ = true;
  StartWrite(&response_);
}

void WatchReactor::End(const absl::Status& status) {
  absl::MutexLock lock(&mutex_);
  EndLocked(status);
}

void WatchReactor::EndLocked(const absl::Status& status) {
  if (std::exchange(ended_, true)) return;
  Finish(ToGrpc(status));
}

void WatchReactor::OnWriteDone(bool ok) {
  absl::MutexLock lock(&mutex_);
  writing_ = false;
  if (!ok) return EndLocked(absl::CancelledError("the watcher left"));
  SendPending();
}

void WatchReactor::OnCancel() { End(absl::CancelledError("the watcher left")); }

void WatchReactor::OnDone() {
  if (subscription_ != 0) service_.book_.Unsubscribe(subscription_);
  service_.Forget(this);
  delete this;
}

}  // namespace tollgate::catalog
