// A node as the configuration stream sees it: applies messages, validates, acknowledges.
#ifndef TOLLGATE_TESTS_CONTROLPLANE_PUBLISH_NODE_MODEL_H_
#define TOLLGATE_TESTS_CONTROLPLANE_PUBLISH_NODE_MODEL_H_

#include <map>
#include <string>
#include <vector>

#include "controlplane/publish/publisher.h"
#include "proto/validate/digest.h"
#include "proto/validate/resource.h"
#include "proto/validate/whole.h"

namespace tollgate::controlplane {

class NodeModel {
 public:
  explicit NodeModel(config::v1::Audience audience) : audience_(audience) {}

  config::v1::SubscribeRequest::Hello MakeHello() {
    partial_.clear();  // What was received of a snapshot is lost with the stream.
    config::v1::SubscribeRequest::Hello hello;
    hello.set_node_id("node-1");
    hello.set_audience(audience_);
    *hello.mutable_revision() = revision_;
    hello.set_digest(Digest(rows_));
    return hello;
  }

  // Takes a message; `answer` is set when it completes an update.  False when the node refuses it,
  // which is then also the answer.
  bool Take(const config::v1::SubscribeResponse& message,
            std::optional<config::v1::SubscribeRequest>& answer) {
    if (message.has_heartbeat()) return true;
    Rows next;
    config::v1::Revision revision;
    std::uint64_t digest = 0;
    if (message.has_snapshot()) {
      const auto& chunk = message.snapshot();
      for (const std::string& bytes : chunk.resources()) {
        config::v1::Resource resource;
        EXPECT_TRUE(resource.ParseFromString(bytes));
        partial_[resource.key()] = resource;
      }
      if (chunk.index() + 1 < chunk.count()) return true;
      next = std::move(partial_);
      partial_.clear();
      revision = chunk.revision();
      digest = chunk.digest();
      ++snapshots_;
    } else {
      const auto& delta = message.delta();
      next = rows_;
      for (const auto& resource : delta.upserts()) next[resource.key()] = resource;
      for (const std::string& key : delta.removed()) next.erase(key);
      revision = delta.to();
      digest = delta.digest();
      ++deltas_;
      if (!IsSame(delta.from(), revision_)) return Refuse(message, "another from", answer);
    }
    if (!IsBefore(revision_, revision)) return Refuse(message, "not later", answer);
    if (Digest(next) != digest) return Refuse(message, "another digest", answer);
    const absl::Status valid = Validate(next);
    if (!valid.ok()) return Refuse(message, valid.ToString(), answer);
    rows_ = std::move(next);
    revision_ = revision;
    answer.emplace();
    answer->mutable_ack()->set_nonce(message.nonce());
    *answer->mutable_ack()->mutable_revision() = revision_;
    return true;
  }

  // As after the loss of a part of its memory.
  void Corrupt() {
    if (!rows_.empty()) rows_.erase(rows_.begin());
  }
  void Forget() {
    rows_.clear();
    revision_.Clear();
  }

  std::uint64_t digest() const { return Digest(rows_); }
  const config::v1::Revision& revision() const { return revision_; }
  const std::map<std::string, config::v1::Resource>& rows() const { return rows_; }
  const std::string& refusal() const { return refusal_; }
  int snapshots() const { return snapshots_; }
  int deltas() const { return deltas_; }

 private:
  using Rows = std::map<std::string, config::v1::Resource>;

  // From the bodies, not from what the sender says.
  static std::uint64_t Digest(const Rows& rows) {
    std::uint64_t digest = 0;
    for (const auto& [key, resource] : rows) digest += ResourceHash(resource);
    return digest;
  }

  absl::Status Validate(const Rows& rows) const {
    std::vector<const config::v1::Resource*> all;
    for (const auto& [key, resource] : rows) {
      const absl::Status status = ValidateResource(resource, audience_);
      if (!status.ok()) return status;
      // Billing reads prices alone: what offerings refer to is not for it.
      if (audience_ == config::v1::AUDIENCE_BILLING && resource.has_offering()) continue;
      all.push_back(&resource);
    }
    return ValidateWhole(all);
  }

  bool Refuse(const config::v1::SubscribeResponse& message, const std::string& why,
              std::optional<config::v1::SubscribeRequest>& answer) {
    refusal_ = why;
    answer.emplace();
    answer->mutable_nack()->set_nonce(message.nonce());
    *answer->mutable_nack()->mutable_kept() = revision_;
    answer->mutable_nack()->set_error(why);
    return false;
  }

  config::v1::Audience audience_;
  Rows rows_;
  Rows partial_;
  config::v1::Revision revision_;
  std::string refusal_;
  int snapshots_ = 0;
  int deltas_ = 0;
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_TESTS_CONTROLPLANE_PUBLISH_NODE_MODEL_H_
