// A whole worker of the data plane in a test's process: real sockets, spool and leases; what
// billing would grant, and what the control plane would publish, comes from the test.
#ifndef TOLLGATE_TESTS_DATAPLANE_SUPPORT_GATEWAY_H_
#define TOLLGATE_TESTS_DATAPLANE_SUPPORT_GATEWAY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/access_log.h"
#include "base/api_key.h"
#include "dataplane/budget/lease_pool.h"
#include "dataplane/http/client_connection.h"
#include "dataplane/http/tls_server.h"
#include "dataplane/meter/recent_generations.h"
#include "dataplane/meter/spool.h"
#include "dataplane/rate/rate_book.h"
#include "dataplane/request/worker_context.h"
#include "dataplane/route/cooldowns.h"
#include "dataplane/snapshot/holder.h"
#include "dataplane/upstream/trusted_roots.h"
#include "dataplane/worker.h"
#include "tests/support/temp_dir.h"
#include "tollgate/config/v1/config.pb.h"
#include "tollgate/usage/v1/usage.pb.h"

namespace tollgate::dataplane {

// An answer as a client read it.
struct ClientAnswer {
  int status = 0;
  std::string head;       // Lower-case names as sent, without the status line.
  std::string body;       // Chunks taken off.
  bool complete = false;  // The framing says that all of it came.

  std::string Header(std::string_view name) const;
};

// A client's connection; blocking, with a limit of some seconds on everything.
class TestClient {
 public:
  explicit TestClient(int port);
  ~TestClient();
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  void Send(std::string_view bytes);
  // Reads one answer; what follows it is kept for the next.
  ClientAnswer ReadAnswer();
  // Reads until `text` has come; what was read so far.
  std::string ReadUntil(std::string_view text);
  // Whether the peer has closed and nothing more comes.
  bool AtEnd();
  void Close();
  void CloseSending();

 private:
  bool More();

  int socket_ = -1;
  std::string buffer_;
};

class RecordingAccessLog final : public AccessLog {
 public:
  void Write(std::string_view line) override {
    std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  }
  std::vector<std::string> lines() const {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

struct GatewayOptions {
  std::int64_t wallet_nano_usd = 10'000'000'000;  // Granted to ws_1.
  LeaseShortage shortage = LeaseShortage::kExhausted;
  Durability durability = Durability::kProcess;
  std::uint64_t spool_bytes_max = 64 << 20;
  PipelineOptions pipeline = {};
  ClientTimeouts timeouts = {};
  LedgerReader* ledger = nullptr;
  bool publish = true;
  std::string host = "127.0.0.1";
  TlsServer* tls = nullptr;
  std::string upstream_ca_file = {};
  std::string credential = "sk-canary-";  // The provider's id follows, unless `exact_credential`.
  bool exact_credential = false;
  const DialGuard* fetch_guard = nullptr;
};

// Providers "p1" and "p2" (at the given base URLs; an empty one is left out), each with one system
// credential, sell "acme/small" at 1,000 pico-USD a token under the name "small"; "acme/big" is
// sold by p1 only.  The aliases "cheap" and "small" stand
// for acme/small.
class TestGateway {
 public:
  TestGateway(const std::string& p1_url, const std::string& p2_url, GatewayOptions options = {});
  ~TestGateway();

  int port() const { return worker_->listen().port; }
  const std::string& key() const { return key_; }
  Worker& worker() { return *worker_; }
  LeasePool& leases() { return *leases_; }
  RateBook& rates() { return rates_; }
  Spool& spool() { return *spool_; }
  RecordingAccessLog& access_log() { return access_log_; }
  Cooldowns& cooldowns() { return cooldowns_; }

  // Adds to what is published, or changes it.
  void Publish(const std::vector<config::v1::Resource>& resources);
  // Takes back what was published; `resource` has its kind and id.
  void Unpublish(const config::v1::Resource& resource);
  // Publishes a key of a workspace; what its client sends.
  std::string AddKey(const std::string& id, const std::string& workspace);
  void SetProviders(const std::function<void(config::v1::Provider&)>& change);
  void SetProviderLimits(const std::function<void(config::v1::ProviderLimits&)>& change);

  // A POST of `body` as an SDK sends it.
  std::string Post(std::string_view body, std::string_view extra_lines = "") const;
  std::string Get(std::string_view target, bool with_key = true) const;
  // Sends it on a connection of its own and reads the answer.
  ClientAnswer Call(std::string_view request) const;

  // The records of a generation, waiting (at most some seconds) until `count` are there.
  std::vector<usage::v1::UsageRecord> Records(const std::string& generation_id,
                                              std::size_t count = 1);
  // What is left of the wallet's lease, once no hold is open.
  std::int64_t WalletLeft();

 private:
  TempDir dir_;
  GatewayOptions options_;
  std::string key_;
  std::optional<Peppers> peppers_;
  std::optional<NodeIdentity> identity_;
  std::unique_ptr<Spool> spool_;
  RateBook rates_;
  std::unique_ptr<LeaseTable> table_;
  std::unique_ptr<LeasePool> leases_;
  const Account* wallet_ = nullptr;
  Cooldowns cooldowns_;
  SnapshotHolder holder_;
  std::unique_ptr<RecentGenerations> recent_;
  RecordingAccessLog access_log_;
  std::map<std::string, config::v1::Resource> resources_;
  std::uint64_t revision_ = 0;
  std::unique_ptr<TrustedRoots> upstream_roots_;
  std::unique_ptr<Worker> worker_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_SUPPORT_GATEWAY_H_
