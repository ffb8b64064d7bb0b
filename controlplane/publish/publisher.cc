#include "controlplane/publish/publisher.h"

#include <tuple>
#include <utility>

namespace tollgate::controlplane {

using config::v1::Audience;
using config::v1::Revision;

bool IsBefore(const Revision& a, const Revision& b) {
  return std::tuple(a.epoch(), a.number()) < std::tuple(b.epoch(), b.number());
}

bool IsSame(const Revision& a, const Revision& b) {
  return a.epoch() == b.epoch() && a.number() == b.number();
}

namespace {

// Whether the audience reads resources of this key's kind.
bool Concerns(Audience audience, const std::string& key) {
  if (IsForBillingOnly(key)) return audience == config::v1::AUDIENCE_BILLING;
  if (audience != config::v1::AUDIENCE_BILLING) return true;
  return key.starts_with("workspace/") || key.starts_with("key/") || key.starts_with("member/") ||
         key.starts_with("budget/") || key.starts_with("offering/");
}

}  // namespace

Publisher::Publisher(std::uint64_t epoch, ResourceSet dataplane, ResourceSet billing,
                     RevisionLog log, std::uint64_t number)
    : epoch_(epoch),
      dataplane_(std::move(dataplane)),
      billing_(std::move(billing)),
      log_(std::move(log)),
      number_(number) {}

void Publisher::Publish(const Publication& publication) {
  {
    std::unique_lock lock(mutex_);
    dataplane_.Apply(publication.dataplane);
    billing_.Apply(publication.billing);
    number_ = publication.logged.number;
    log_.Append(publication.logged);
  }
  std::lock_guard lock(listener_mutex_);
  if (listener_) listener_();
}

void Publisher::SetListener(std::function<void()> listener) {
  std::lock_guard lock(listener_mutex_);
  listener_ = std::move(listener);
}

Revision Publisher::revision() const {
  std::shared_lock lock(mutex_);
  Revision revision;
  revision.set_epoch(epoch_);
  revision.set_number(number_);
  return revision;
}

const ResourceSet& Publisher::Set(Audience audience) const {
  return audience == config::v1::AUDIENCE_BILLING ? billing_ : dataplane_;
}

const ResourceSet& Publisher::published(Audience audience) const { return Set(audience); }

std::uint64_t Publisher::digest(Audience audience) const {
  std::shared_lock lock(mutex_);
  return Set(audience).digest();
}

std::optional<Update> Publisher::MakeDelta(Audience audience, const Revision& from) const {
  Update update;
  update.from = from;
  std::size_t bytes = 0;
  for (const std::string& key : log_.ChangedSince(from.number())) {
    if (!Concerns(audience, key)) continue;
    if (const ResourcePtr resource = Set(audience).Find(key)) {
      bytes += resource->ByteSizeLong();
      update.resources.push_back(resource);
    } else {
      bytes += key.size();
      update.removed.push_back(key);
    }
    if (bytes > kDeltaBytesMax) return std::nullopt;
  }
  return update;
}

std::optional<Update> Publisher::UpdateSince(Audience audience, const Revision& from,
                                             std::uint64_t digest, bool whole) const {
  const Revision newest = revision();
  if (!IsBefore(from, newest)) return std::nullopt;
  std::shared_lock lock(mutex_);
  std::optional<Update> update;
  if (!whole && from.epoch() == epoch_ && log_.Reaches(from.number(), digest, audience)) {
    update = MakeDelta(audience, from);
  }
  if (!update.has_value()) {
    update.emplace();
    update->resources.reserve(Set(audience).rows().size());
    for (const auto& [key, resource] : Set(audience).rows()) update->resources.push_back(resource);
  }
  update->revision.set_epoch(epoch_);
  update->revision.set_number(number_);
  update->digest = Set(audience).digest();
  return update;
}

}  // namespace tollgate::controlplane
