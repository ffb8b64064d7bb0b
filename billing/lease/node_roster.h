// Which incarnation of each data-plane node is the running one, and which process may speak for it.
//
// A pure machine.  A later incarnation replaces a former one for good; two processes that claim the
// same incarnation (a copied spool) are told apart by their session bytes, and the second is
// refused, for both would spend the same lease and report under the same identities.
#ifndef TOLLGATE_BILLING_LEASE_NODE_ROSTER_H_
#define TOLLGATE_BILLING_LEASE_NODE_ROSTER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tollgate::billing {

inline constexpr std::size_t kNodeIdBytesMax = 64;
inline constexpr std::size_t kNodeSessionBytesMax = 64;

// A node as it is stored.
struct NodeRow {
  std::string node_id;
  std::uint64_t incarnation = 0;  // The latest one known.
  std::string session;            // Of its process; empty when not stated yet.

  friend bool operator==(const NodeRow&, const NodeRow&) = default;
};

class NodeRoster {
 public:
  void Restore(std::vector<NodeRow> rows);

  // Admits a process that says Hello.  InvalidArgument for an id or session of unusable length or
  // an incarnation of 0; FailedPrecondition, reason STALE_INCARNATION, when a later incarnation is
  // known; reason SOURCE_IN_USE when the incarnation belongs to another session.  Sets `*changed`
  // when the node's row is to be stored anew.
  absl::Status Admit(const NodeRow& hello, bool* changed);

  // The latest incarnation known; 0 for none.
  std::uint64_t LatestIncarnation(const std::string& node_id) const;

  // The row of a known node.
  std::optional<NodeRow> Find(const std::string& node_id) const;

  // Notes how many streams (of leases or usage) the node has open; +1 or -1.
  void AddStream(const std::string& node_id, int change);
  bool IsConnected(const std::string& node_id) const;

  std::size_t connected_count() const;

 private:
  struct Node {
    NodeRow row;
    int streams = 0;
  };

  std::map<std::string, Node> nodes_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEASE_NODE_ROSTER_H_
