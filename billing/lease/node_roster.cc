#include "billing/lease/node_roster.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status_reason.h"

namespace tollgate::billing {

void NodeRoster::Restore(std::vector<NodeRow> rows) {
  for (NodeRow& row : rows) {
    std::string id = row.node_id;
    nodes_[std::move(id)].row = std::move(row);
  }
}

absl::Status NodeRoster::Admit(const NodeRow& hello, bool* changed) {
  *changed = false;
  if (hello.node_id.empty() || hello.node_id.size() > kNodeIdBytesMax) {
    return absl::InvalidArgumentError("the node_id is empty or longer than 64 bytes");
  }
  if (hello.session.size() > kNodeSessionBytesMax) {
    return absl::InvalidArgumentError("the session is longer than 64 bytes");
  }
  if (hello.incarnation == 0) return absl::InvalidArgumentError("incarnations count from 1");

  NodeRow& row = nodes_[hello.node_id].row;
  row.node_id = hello.node_id;
  if (hello.incarnation < row.incarnation) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "STALE_INCARNATION",
                           "a later incarnation of this node is known");
  }
  if (hello.incarnation > row.incarnation) {
    row = hello;
    *changed = true;
    return absl::OkStatus();
  }
  if (hello.session.empty() || hello.session == row.session) return absl::OkStatus();
  if (!row.session.empty()) {
    return ErrorWithReason(absl::StatusCode::kFailedPrecondition, "SOURCE_IN_USE",
                           "another process reports for this node and incarnation; was its spool "
                           "folder copied?");
  }
  row.session = hello.session;
  *changed = true;
  return absl::OkStatus();
}

std::uint64_t NodeRoster::LatestIncarnation(const std::string& node_id) const {
  const auto found = nodes_.find(node_id);
  return found == nodes_.end() ? 0 : found->second.row.incarnation;
}

std::optional<NodeRow> NodeRoster::Find(const std::string& node_id) const {
  const auto found = nodes_.find(node_id);
  if (found == nodes_.end()) return std::nullopt;
  return found->second.row;
}

void NodeRoster::AddStream(const std::string& node_id, int change) {
  Node& node = nodes_[node_id];
  node.row.node_id = node_id;
  node.streams += change;
  CHECK_GE(node.streams, 0) << node_id;
}

bool NodeRoster::IsConnected(const std::string& node_id) const {
  const auto found = nodes_.find(node_id);
  return found != nodes_.end() && found->second.streams > 0;
}

std::size_t NodeRoster::connected_count() const {
  return static_cast<std::size_t>(std::count_if(
      nodes_.begin(), nodes_.end(), [](const auto& entry) { return entry.second.streams > 0; }));
}

}  // namespace tollgate::billing
