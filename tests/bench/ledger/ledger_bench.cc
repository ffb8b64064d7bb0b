// How fast billing makes usage records and leases durable, and how fast a spool is read again.
//
//   bench-ledger [--quick] [--folder DIR] [--only batches|grants|recovery] [--batch 1000]
//
// Batches: kLanes lanes, as of one node with so many workers, have one batch each under way, as
// nodes do; a batch is read as billing's service reads it (every record parsed, checked and
// hashed), applied to the books by the writer, written in a synced RocksDB batch, acknowledged, and
// only then followed by the lane's next.  Only gRPC is left out.  Lease grants: kNodes nodes, each
// with one Want under way.  Recovery: a spool of a node that was killed is opened again.
//
// Pin it to one core (taskset); prints one JSON object.
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "billing/service/usage_record_parser.h"
#include "dataplane/meter/spool.h"
#include "tests/bench/ledger/billing_fixture.h"
#include "tests/bench/ledger/usage_batches.h"

namespace tollgate::bench {
namespace {

constexpr std::uint32_t kLanes = 4;
constexpr std::uint32_t kNodes = 64;

double NowSeconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// User and kernel time of all threads of this process.
double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Hands numbers from one thread to another.
class Mailbox {
 public:
  void Post(std::uint32_t number) {
    const std::lock_guard lock(mutex_);
    numbers_.push_back(number);
    wake_.notify_one();
  }
  std::uint32_t Take() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return !numbers_.empty(); });
    const std::uint32_t number = numbers_.back();
    numbers_.pop_back();
    return number;
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<std::uint32_t> numbers_;
};

struct LaneFeed {
  std::vector<std::vector<std::string>> batches;  // To come, the next one last.
  std::uint64_t next_sequence = 1;
};

// A batch, and the message whose texts its records are views of.
struct Report {
  std::vector<std::string> message;
  billing::UsageBatch batch;
};

std::shared_ptr<const Report> NextReport(std::uint32_t lane, LaneFeed* feed) {
  auto report = std::make_shared<Report>();
  report->message = std::move(feed->batches.back());
  feed->batches.pop_back();
  billing::UsageBatch& batch = report->batch;
  batch.lane = {kNode, kIncarnation, lane};
  batch.first_sequence = feed->next_sequence;
  batch.running_incarnation = kIncarnation;
  batch.records.reserve(report->message.size());
  for (const std::string& bytes : report->message) {
    auto record = billing::ParseUsageRecord(bytes);
    CHECK(record.ok()) << record.status();
    batch.records.push_back(*std::move(record));
  }
  feed->next_sequence += batch.records.size();
  return report;
}

void SubmitNext(std::uint32_t lane, LaneFeed* feed, billing::LedgerWriter& writer,
                Mailbox* acknowledged) {
  writer.Submit({.apply =
                     [report = NextReport(lane, feed)](billing::Books& books, billing::Now now) {
                       const auto receipt = books.Apply(report->batch, now);
                       CHECK(receipt.ok()) << receipt.status();
                     },
                 .done =
                     [lane, acknowledged](const absl::Status& synced) {
                       CHECK(synced.ok()) << synced;
                       acknowledged->Post(lane);
                     }});
}

void MeasureBatches(const std::string& folder, std::size_t batch_records, std::size_t records,
                    bool first) {
  BillingFixture billing(folder, [](std::vector<billing::LeaseMessage>) {});
  std::vector<LaneFeed> feeds(kLanes);
  const std::size_t rounds = std::max<std::size_t>(records / batch_records / kLanes, 1);
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    for (std::size_t i = rounds; i-- > 0;) {
      feeds[lane].batches.push_back(SerializedRecords(lane, i * batch_records, batch_records));
    }
  }
  Mailbox acknowledged;
  const double cpu = CpuSeconds();
  const double start = NowSeconds();
  for (std::uint32_t lane = 0; lane < kLanes; ++lane) {
    SubmitNext(lane, &feeds[lane], billing.writer(), &acknowledged);
  }
  for (std::uint32_t under_way = kLanes; under_way > 0;) {
    const std::uint32_t lane = acknowledged.Take();
    if (feeds[lane].batches.empty()) {
      --under_way;
    } else {
      SubmitNext(lane, &feeds[lane], billing.writer(), &acknowledged);
    }
  }
  const double count = static_cast<double>(rounds * batch_records * kLanes);
  std::printf("%s{\"batch\":%zu,\"records\":%.0f,\"records_per_s\":%.0f,\"cpu_us\":%.2f}",
              first ? "" : ",", batch_records, count, count / (NowSeconds() - start),
              (CpuSeconds() - cpu) / count * 1e6);
}

// The nth Want of a node: it has spent nothing, and wants a little more each time.
billing::WantRequest WantOf(Money granted) {
  billing::WantRequest want;
  want.account = kWallet;
  want.granted = granted;
  want.need = want.want = Money::FromNanoUsd(1000);
  return want;
}

void MeasureGrants(const std::string& folder, std::size_t grants) {
  Mailbox answered;
  std::vector<Money> granted(kNodes);  // Written before Post(), read after Take().
  BillingFixture billing(folder, [&](std::vector<billing::LeaseMessage> messages) {
    for (const billing::LeaseMessage& message : messages) {
      const auto* grant = std::get_if<billing::GrantAnswer>(&message.content);
      if (grant == nullptr || message.stream >= kNodes) continue;
      granted[message.stream] = grant->granted;
      answered.Post(static_cast<std::uint32_t>(message.stream));
    }
  });
  const auto submit = [&](std::uint32_t node) {
    billing.writer().Submit(
        {.apply = [node, want = WantOf(granted[node])](
                      billing::Books& books,
                      billing::Now now) { CHECK(books.Want(node, want, now).ok()); },
         .done = [](const absl::Status& synced) { CHECK(synced.ok()) << synced; }});
  };
  RunOnBooks(billing.writer(), [](billing::Books& books, billing::Now) {
    for (std::uint32_t node = 0; node < kNodes; ++node) {
      CHECK(books.OpenStream(node, {"node-" + std::to_string(node), 1, "session"}).ok());
    }
  });
  const double start = NowSeconds();
  for (std::uint32_t node = 0; node < kNodes; ++node) submit(node);
  for (std::size_t i = kNodes; i < grants; ++i) submit(answered.Take());
  for (std::uint32_t node = 0; node < kNodes; ++node) answered.Take();
  std::printf("\"lease_grants_per_s\":%.0f", static_cast<double>(grants) / (NowSeconds() - start));
}

// Begins the node's next incarnation, as a start does; only Open() is timed.
double OpenSpoolMs(const std::string& folder, std::size_t records_to_write) {
  dataplane::SpoolOptions options;
  options.folder = folder;
  auto identity = dataplane::NodeIdentity::Begin(
      RealFileSystem(), folder, "boot", dataplane::Durability::kProcess, 1, SystemRandom());
  CHECK(identity.ok()) << identity.status();
  const double start = NowSeconds();
  auto spool = dataplane::Spool::Open(RealFileSystem(), SystemRandom(), *identity, 1, options);
  const double ms = (NowSeconds() - start) * 1000;
  CHECK(spool.ok()) << spool.status();
  for (std::size_t i = 0; i < records_to_write; ++i) {
    usage::v1::UsageRecord record = UsageRecordOf(0, i);
    auto intent = (*spool)->lane(0).AppendIntent(record.SerializeAsString());
    while (!intent.ok()) {  // The next segment is being made.
      usleep(1000);
      intent = (*spool)->lane(0).AppendIntent(record.SerializeAsString());
    }
    (*spool)->lane(0).AppendFinal(*std::move(intent), record.SerializeAsString());
  }
  return ms;
}

void MeasureRecovery(const std::string& folder, std::size_t records, bool first) {
  OpenSpoolMs(folder, records);
  std::uint64_t bytes = 0;
  for (const auto& file : std::filesystem::directory_iterator(folder)) {
    bytes += file.file_size();
  }
  const double ms = OpenSpoolMs(folder, 0);
  std::printf("%s{\"records\":%zu,\"mib\":%.1f,\"ms\":%.1f}", first ? "" : ",", records,
              static_cast<double>(bytes) / (1 << 20), ms);
}

int Run(const std::filesystem::path& folder, bool quick, const std::string& only,
        std::size_t only_batch) {
  struct Size {
    std::size_t batch;
    std::size_t records;
  };
  constexpr Size kSizes[] = {{1, 4'000}, {10, 40'000}, {100, 200'000}, {1000, 600'000}};
  const std::size_t share = quick ? 10 : 1;
  const char* separator = "{";
  if (only.empty() || only == "batches") {
    std::printf("%s\"batches\":[", std::exchange(separator, ","));
    bool first = true;
    for (const Size& size : kSizes) {
      if (only_batch != 0 && size.batch != only_batch) continue;
      MeasureBatches(folder / ("batches-" + std::to_string(size.batch)), size.batch,
                     size.records / share, std::exchange(first, false));
    }
    std::printf("]");
  }
  if (only.empty() || only == "grants") {
    std::printf("%s", std::exchange(separator, ","));
    MeasureGrants(folder / "grants", 20'000 / share);
  }
  if (only.empty() || only == "recovery") {
    std::printf("%s\"recovery\":[", std::exchange(separator, ","));
    for (const std::size_t records :
         {std::size_t{10'000}, std::size_t{100'000}, std::size_t{1'000'000}}) {
      MeasureRecovery(folder / ("spool-" + std::to_string(records)), records / share,
                      records == 10'000);
    }
    std::printf("]");
  }
  std::printf("}\n");
  return 0;
}

}  // namespace
}  // namespace tollgate::bench

int main(int argc, char** argv) {
  bool quick = false;
  std::string only;
  std::size_t only_batch = 0;
  std::filesystem::path parent = std::filesystem::temp_directory_path();
  for (int i = 1; i < argc; ++i) {
    const std::string_view flag = argv[i];
    if (flag == "--quick") quick = true;
    if (flag == "--folder" && i + 1 < argc) parent = argv[i + 1];
    if (flag == "--only" && i + 1 < argc) only = argv[i + 1];
    if (flag == "--batch" && i + 1 < argc) only_batch = std::stoul(argv[i + 1]);
  }
  std::string folder = (parent / "tollgate-bench-ledger-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror("mkdtemp");
    return 1;
  }
  const int status = tollgate::bench::Run(folder, quick, only, only_batch);
  std::filesystem::remove_all(folder);
  return status;
}
