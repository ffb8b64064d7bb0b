#include "controlplane/publish/revision_log.h"

#include <utility>

#include "base/check.h"

namespace tollgate::controlplane {

void RevisionLog::Append(LoggedRevision revision) {
  CHECK(revisions_.empty() || revision.number == revisions_.back().number + 1);
  keys_ += revision.keys.size();
  revisions_.push_back(std::move(revision));
  while (revisions_.size() > kLogRevisionsMax || (keys_ > kLogKeysMax && revisions_.size() > 1)) {
    keys_ -= revisions_.front().keys.size();
    revisions_.pop_front();
  }
}

const LoggedRevision* RevisionLog::Find(std::uint64_t number) const {
  if (revisions_.empty() || number < revisions_.front().number ||
      number > revisions_.back().number) {
    return nullptr;
  }
  return &revisions_[number - revisions_.front().number];
}

bool RevisionLog::Reaches(std::uint64_t number, std::uint64_t digest,
                          config::v1::Audience audience) const {
  const LoggedRevision* revision = Find(number);
  return revision != nullptr && DigestOf(*revision, audience) == digest;
}

std::set<std::string> RevisionLog::ChangedSince(std::uint64_t number) const {
  CHECK(Find(number) != nullptr) << number;
  std::set<std::string> keys;
  for (std::size_t i = number - revisions_.front().number + 1; i < revisions_.size(); ++i) {
    keys.insert(revisions_[i].keys.begin(), revisions_[i].keys.end());
  }
  return keys;
}

std::uint64_t DigestOf(const LoggedRevision& revision, config::v1::Audience audience) {
  return audience == config::v1::AUDIENCE_BILLING ? revision.billing_digest
                                                  : revision.dataplane_digest;
}

}  // namespace tollgate::controlplane
