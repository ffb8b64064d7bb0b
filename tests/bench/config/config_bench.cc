// What a million keys cost: to load, to hold, to change, and until a revocation is in force.
//
//   bench-config [--quick] [--keys 1000000] [--revocations 500]
//
// The control plane's publisher and its stream service serve a data-plane node's subscriber over
// gRPC on loopback: the same machines as in the programs, in one process.  The control plane's
// store is left out (the publisher is given its state), which adds one synced write to a
// revocation.
// Measured: memory of the keys on the node, as growth of the heap; the snapshot from the first
// message to its being in force; the same from disk, as at a node's restart; applying one change;
// and revocations, from the moment the control plane publishes one until a worker's lookup of the
// key, made without a pause, finds it revoked.  Prints one JSON object.
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/file_system.h"
#include "base/grpc_client.h"
#include "base/grpc_server.h"
#include "base/metrics.h"
#include "base/seal.h"
#include "controlplane/publish/publisher.h"
#include "controlplane/service/config_stream_service.h"
#include "dataplane/auth/authenticator.h"
#include "dataplane/link/executor.h"
#include "dataplane/snapshot/config_image.h"
#include "dataplane/snapshot/subscriber.h"
#include "tests/bench/config/key_population.h"

namespace tollgate::bench {
namespace {

using controlplane::Publication;
using controlplane::Publisher;
using controlplane::ResourceChange;

double NowMs() {
  return std::chrono::duration<double, std::milli>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const Sealer& BenchSealer() {
  static const Sealer sealer = *Sealer::Create(Secret(std::string(kSealKeyBytes, 'k')));
  return sealer;
}

double Percentile(std::vector<double> values, double share) {
  CHECK(!values.empty());
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

template <typename Condition>
void WaitFor(const char* what, double timeout_ms, Condition condition) {
  const double end = NowMs() + timeout_ms;
  while (!condition()) {
    CHECK(NowMs() < end) << "waited in vain for " << what;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// Heap bytes in use, large allocations included.
double HeapBytes() {
  const struct mallinfo2 info = mallinfo2();
  return static_cast<double>(info.uordblks) + static_cast<double>(info.hblkhd);
}

struct Memory {
  double bytes_per_key = 0;  // All that the node keeps, workspaces and indexes included.
  double table_per_key = 0;  // What the table of keys says of itself.
  double build_s = 0;        // Reading resources into an image, without a stream.
};

Memory MeasureMemory(std::size_t keys) {
  const double heap = HeapBytes();
  double build_ms = 0;
  dataplane::ConfigImage image(BenchSealer());
  image.Expect(keys);
  const auto put = [&](const config::v1::Resource& resource) {
    const std::string bytes = resource.SerializeAsString();
    const double start = NowMs();
    CHECK(image.Load(bytes).ok());
    build_ms += NowMs() - start;
  };
  for (std::size_t i = 0; i < keys; i += kKeysPerWorkspace) put(WorkspaceOf(i / kKeysPerWorkspace));
  for (std::size_t i = 0; i < keys; ++i) put(KeyOf(i, false));
  const double start = NowMs();
  const auto snapshot = image.Finish({1, 1});
  CHECK(snapshot.ok()) << snapshot.status();
  build_ms += NowMs() - start;
  const auto count = static_cast<double>(keys);
  return {(HeapBytes() - heap) / count,
          static_cast<double>((*snapshot)->keys().MemoryBytes()) / count, build_ms / 1000};
}

// A control plane's publishing side, and one node that follows it.
class Pair {
 public:
  explicit Pair(std::size_t keys) : keys_(keys) {
    controlplane::ResourceChanges all;
    for (std::size_t i = 0; i < keys; i += kKeysPerWorkspace) {
      Add(WorkspaceOf(i / kKeysPerWorkspace), &all);
    }
    for (std::size_t i = 0; i < keys; ++i) Add(KeyOf(i, false), &all);
    controlplane::ResourceSet set;
    set.Apply(all);
    controlplane::RevisionLog log;
    log.Append({.number = number_, .dataplane_digest = set.digest()});
    publisher_ = std::make_unique<Publisher>(1, std::move(set), controlplane::ResourceSet(),
                                             std::move(log), number_);
    service_ = std::make_unique<controlplane::ConfigStreamService>(
        *publisher_, RealClock(), metrics_, controlplane::ConfigStreamOptions{});
    auto server = GrpcServer::Start({}, {service_->service()});
    CHECK(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  ~Pair() {
    service_->Close();
    server_->Shutdown(absl::Seconds(1));
  }

  // The control plane revokes the key: what its writer does once the change is durable.
  void Revoke(std::size_t number) {
    auto resource = std::make_shared<config::v1::Resource>(KeyOf(number, true));
    Publication publication;
    publication.dataplane.push_back({resource->key(), resource});
    publication.logged = {.number = ++number_,
                          .keys = {resource->key()},
                          .dataplane_digest = publisher_->published(config::v1::AUDIENCE_DATAPLANE)
                                                  .DigestAfter(publication.dataplane)};
    publisher_->Publish(publication);
  }

  std::string address() const { return server_->address(); }

 private:
  static void Add(config::v1::Resource resource, controlplane::ResourceChanges* all) {
    auto shared = std::make_shared<config::v1::Resource>(std::move(resource));
    all->push_back({shared->key(), shared});
  }

  const std::size_t keys_;
  std::uint64_t number_ = 1;
  Metrics metrics_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<controlplane::ConfigStreamService> service_;
  std::unique_ptr<GrpcServer> server_;
};

class Node {
 public:
  Node(const std::string& folder, const std::string& address) : disk_(RealFileSystem(), folder) {
    auto channel = Connect(address, {});
    CHECK(channel.ok()) << channel.status();
    subscriber_ = std::make_unique<dataplane::Subscriber>(
        holder_, disk_, BenchSealer(), executor_, RealClock(), SystemRandom(),
        dataplane::GrpcConfigLinks(*channel, executor_),
        dataplane::SubscriberOptions{.node_id = "bench-node"});
  }
  ~Node() {
    executor_.Stop();
    subscriber_.reset();
  }

  dataplane::SnapshotHolder& holder() { return holder_; }
  dataplane::Subscriber& subscriber() { return *subscriber_; }

 private:
  dataplane::SnapshotHolder holder_;
  dataplane::SnapshotDisk disk_;
  dataplane::ThreadExecutor executor_{"bench-config"};
  std::unique_ptr<dataplane::Subscriber> subscriber_;
};

bool IsRevoked(dataplane::SnapshotReader* reader, const std::string& key) {
  const auto& snapshot = reader->Get();
  const auto who = dataplane::Authenticate(key, *snapshot, BenchPeppers(), RealClock().Wall());
  const auto* error = std::get_if<dataplane::AuthError>(&who);
  CHECK(error == nullptr || *error == dataplane::AuthError::kRevoked);
  return error != nullptr;
}

struct Changes {
  std::vector<double> revocation_ms;
  std::vector<double> apply_ms;
};

Changes MeasureRevocations(Pair* pair, Node* node, std::size_t keys, std::size_t revocations) {
  Changes changes;
  dataplane::SnapshotReader reader(node->holder());
  for (std::size_t i = 0; i < revocations; ++i) {
    const std::size_t number = (i * 7919 + 2) % keys / 10 * 10 + 2;  // None that expires.
    const std::string key = KeyText(number);
    if (IsRevoked(&reader, key)) continue;
    const std::uint64_t applied = node->subscriber().status().deltas_applied;
    const double start = NowMs();
    pair->Revoke(number);
    while (!IsRevoked(&reader, key)) {
      CHECK(NowMs() - start < 10'000) << "a revoked key is still accepted";
    }
    changes.revocation_ms.push_back(NowMs() - start);
    // What it took to apply is known a little later, when the change is on disk too.
    WaitFor("the change to be saved", 10'000,
            [&] { return node->subscriber().status().deltas_applied > applied; });
    changes.apply_ms.push_back(absl::ToDoubleMilliseconds(node->subscriber().status().last_apply));
  }
  return changes;
}

double MeasureDiskLoad(const std::string& folder) {
  dataplane::SnapshotDisk disk(RealFileSystem(), folder);
  const double start = NowMs();
  dataplane::ConfigImage image(BenchSealer());
  const auto loaded = disk.Load(image);
  CHECK(loaded.ok()) << loaded.status();
  CHECK(image.Finish(loaded->revision).ok());
  return (NowMs() - start) / 1000;
}

int Run(const std::string& folder, std::size_t keys, std::size_t revocations) {
  const Memory memory = MeasureMemory(keys);
  Pair pair(keys);
  Changes changes;
  double load_s = 0;
  {
    Node node(folder, pair.address());
    const double start = NowMs();
    node.subscriber().Start();
    WaitFor("the snapshot", 300'000, [&] { return node.holder().version() > 0; });
    load_s = (NowMs() - start) / 1000;
    WaitFor("the snapshot's file", 60'000,
            [&] { return node.subscriber().status().snapshots_applied > 0; });
    changes = MeasureRevocations(&pair, &node, keys, revocations);
  }
  const double disk_s = MeasureDiskLoad(folder);
  std::printf(
      "{\"keys\":%zu,\"load_s\":%.3f,\"disk_load_s\":%.3f,\"build_s\":%.3f,"
      "\"bytes_per_key\":%.1f,\"table_bytes_per_key\":%.1f,\"revocations\":%zu,"
      "\"revocation_p50_ms\":%.3f,\"revocation_p99_ms\":%.3f,\"revocation_max_ms\":%.3f,"
      "\"apply_p50_ms\":%.3f,\"apply_p99_ms\":%.3f}\n",
      keys, load_s, disk_s, memory.build_s, memory.bytes_per_key, memory.table_per_key,
      changes.revocation_ms.size(), Percentile(changes.revocation_ms, 0.5),
      Percentile(changes.revocation_ms, 0.99), Percentile(changes.revocation_ms, 1.0),
      Percentile(changes.apply_ms, 0.5), Percentile(changes.apply_ms, 0.99));
  return 0;
}

}  // namespace
}  // namespace tollgate::bench

int main(int argc, char** argv) {
  std::size_t keys = 1'000'000;
  std::size_t revocations = 500;
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--quick") {
      keys = 100'000;
      revocations = 100;
    }
    if (flag == "--keys" && i + 1 < argc) keys = std::stoul(argv[i + 1]);
    if (flag == "--revocations" && i + 1 < argc) revocations = std::stoul(argv[i + 1]);
  }
  std::string folder =
      (std::filesystem::temp_directory_path() / "tollgate-bench-config-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror("mkdtemp");
    return 1;
  }
  const int status = tollgate::bench::Run(folder, keys, revocations);
  std::filesystem::remove_all(folder);
  return status;
}
