#include "tests/sim/runner.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/clock.h"
#include "tests/sim/world.h"

namespace tollgate::sim {
namespace {

constexpr std::size_t kTextMax = 512;
constexpr int kJobsMax = 64;
constexpr std::size_t kFindingsMax = 256;

// What the processes share.
struct Shared {
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> seeds{0};
  std::atomic<std::uint64_t> events{0};
  std::atomic<std::int64_t> simulated_ms{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> answered{0};
  std::atomic<std::uint64_t> refused{0};
  std::atomic<std::uint64_t> interrupted{0};
  std::atomic<std::uint64_t> growths{0};
  std::atomic<std::uint64_t> leases_ended{0};
  std::atomic<std::uint64_t> resolved_living{0};
  std::atomic<std::uint64_t> kills{0};
  std::atomic<std::uint64_t> entries{0};
  struct Found {
    std::uint64_t seed = 0;
    char invariant[kTextMax];
    char text[kTextMax];
  };
  struct Job {
    std::size_t findings = 0;
    Found list[kFindingsMax];
    std::uint64_t current = 0;  // The seed that runs; 0 = none.
    std::uint64_t found = 0;    // The seed that violated something; 0 = none.
    char invariant[kTextMax];
    char text[kTextMax];
    std::uint64_t first_alarm_seed = 0;
    char first_alarm[kTextMax];
  } jobs[kJobsMax];
};

void Copy(const std::string& from, char* to) { std::snprintf(to, kTextMax, "%s", from.c_str()); }

void PrintDigest(std::uint64_t seed, const World& world) {
  std::printf("seed %llu ran to %s%s%s\n", static_cast<unsigned long long>(seed),
              world.Digest().c_str(), world.report().first().empty() ? "" : ", violates ",
              world.report().first().c_str());
  std::fflush(stdout);
}

void RunOne(std::uint64_t seed, const RunOptions& options, Shared& shared, Shared::Job& job) {
  World world(seed, /*traced=*/options.digests, options.expected);
  world.Run();
  if (options.digests) PrintDigest(seed, world);
  const RunCounts counts = world.counts();
  shared.seeds += 1;
  shared.events += counts.events;
  shared.simulated_ms += counts.simulated_ns / 1'000'000;
  shared.requests += counts.requests;
  shared.answered += counts.answered;
  shared.refused += counts.refused;
  shared.interrupted += counts.interrupted;
  shared.growths += counts.growths;
  shared.leases_ended += counts.leases_ended;
  shared.resolved_living += counts.resolved_living;
  shared.kills += counts.kills;
  shared.entries += counts.entries;
  if (!world.report().first().empty() && job.first_alarm_seed == 0) {
    job.first_alarm_seed = seed;
    Copy(world.report().first(), job.first_alarm);
  }
  if (!world.report().violated()) return;
  if (job.findings < kFindingsMax) {
    Shared::Found& found = job.list[job.findings++];
    found.seed = seed;
    Copy(world.report().invariant(), found.invariant);
    Copy(world.report().text(), found.text);
  }
  if (options.go_on) return;
  Copy(world.report().invariant(), job.invariant);
  Copy(world.report().text(), job.text);
  job.found = seed;
  shared.stop = true;
}

[[noreturn]] void RunJob(const RunOptions& options, Shared& shared, int number) {
  Shared::Job& job = shared.jobs[number];
  while (!shared.stop) {
    const std::uint64_t seed = shared.next++;
    if (seed > options.seeds.last) break;
    job.current = seed;
    RunOne(seed, options, shared, job);
    job.current = 0;
  }
  std::_Exit(0);
}

void CollectTotals(const Shared& shared, int jobs, Totals* totals) {
  totals->seeds = shared.seeds;
  totals->events = shared.events;
  totals->simulated_ms = shared.simulated_ms;
  totals->requests = shared.requests;
  totals->answered = shared.answered;
  totals->refused = shared.refused;
  totals->interrupted = shared.interrupted;
  totals->growths = shared.growths;
  totals->leases_ended = shared.leases_ended;
  totals->resolved_living = shared.resolved_living;
  totals->kills = shared.kills;
  totals->entries = shared.entries;
  for (int i = 0; i < jobs; ++i) {
    const Shared::Job& job = shared.jobs[i];
    if (job.found != 0 && (!totals->finding.has_value() || job.found < totals->finding->seed)) {
      totals->finding = Finding{job.found, job.invariant, job.text};
    }
    for (std::size_t f = 0; f < job.findings; ++f) {
      totals->findings.push_back({job.list[f].seed, job.list[f].invariant, job.list[f].text});
    }
    if (job.first_alarm_seed != 0 &&
        (totals->first_alarm_seed == 0 || job.first_alarm_seed < totals->first_alarm_seed)) {
      totals->first_alarm_seed = job.first_alarm_seed;
      totals->first_alarm = job.first_alarm;
    }
  }
}

const Report* replayed = nullptr;

void PrintEvents() {
  if (replayed == nullptr) return;
  for (const std::string& event : replayed->events()) std::printf("%s\n", event.c_str());
  std::fflush(stdout);
}

// The code under test stopped itself: what led to it, then the end.
void OnAbort(int) {
  PrintEvents();
  std::_Exit(3);
}

}  // namespace

Totals RunSeeds(const RunOptions& options) {
  const int jobs = std::clamp(options.jobs, 1, kJobsMax);
  void* memory =
      ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED);
  Shared& shared = *new (memory) Shared;
  shared.next = options.seeds.first;
  const MonotonicTime begin = RealClock().Monotonic();
  std::fflush(stdout);
  std::vector<pid_t> children;
  for (int i = 0; i < jobs; ++i) {
    const pid_t child = ::fork();
    CHECK(child >= 0);
    if (child == 0) RunJob(options, shared, i);
    children.push_back(child);
  }
  Totals totals;
  for (int i = 0; i < jobs; ++i) {
    int status = 0;
    while (::waitpid(children[static_cast<std::size_t>(i)], &status,
                     options.progress ? WNOHANG : 0) == 0) {
      std::printf("\r%llu seeds", static_cast<unsigned long long>(shared.seeds.load()));
      std::fflush(stdout);
      ::usleep(500'000);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) continue;
    shared.stop = true;
    Shared::Job& job = shared.jobs[i];
    job.found = job.current;
    Copy("CHECK", job.invariant);
    Copy(WIFSIGNALED(status) ? absl::StrCat("ended by signal ", WTERMSIG(status))
                             : absl::StrCat("ended with ", WEXITSTATUS(status)),
         job.text);
    if (job.first_alarm_seed == 0) {
      job.first_alarm_seed = job.current;
      Copy("CHECK", job.first_alarm);
    }
  }
  if (options.progress) std::printf("\r");
  totals.seconds = absl::ToDoubleSeconds(RealClock().Monotonic() - begin);
  CollectTotals(shared, jobs, &totals);
  std::sort(totals.findings.begin(), totals.findings.end(),
            [](const Finding& a, const Finding& b) { return a.seed < b.seed; });
  ::munmap(memory, sizeof(Shared));
  return totals;
}

bool ReplaySeed(std::uint64_t seed, const std::string& expected, bool always) {
  World world(seed, /*traced=*/true, expected);
  replayed = &world.report();
  std::signal(SIGABRT, OnAbort);
  std::printf("seed %llu: %s\n", static_cast<unsigned long long>(seed),
              Describe(world.swarm()).c_str());
  std::fflush(stdout);
  world.Run();
  replayed = nullptr;
  std::signal(SIGABRT, SIG_DFL);
  const Report& report = world.report();
  if (always || report.violated()) {
    for (const std::string& event : report.events()) std::printf("%s\n", event.c_str());
  }
  if (report.violated()) {
    std::printf("seed %llu violates %s: %s\n", static_cast<unsigned long long>(seed),
                report.invariant().c_str(), report.text().c_str());
  }
  std::fflush(stdout);
  return !report.violated();
}

void PrintTotals(const Totals& totals) {
  const auto n = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf("%llu seeds in %.1f s: %.0f seeds/s, %.2f simulated days, %llu events\n",
              n(totals.seeds), totals.seconds,
              static_cast<double>(totals.seeds) / std::max(totals.seconds, 0.001),
              static_cast<double>(totals.simulated_ms) / 86'400'000.0, n(totals.events));
  std::printf(
      "%llu requests: %llu answered, %llu refused; %llu crashes, %llu attempts ended by "
      "one; %llu holds grew, %llu idle leases ended, %llu given up; %llu "
      "journal entries\n",
      n(totals.requests), n(totals.answered), n(totals.refused), n(totals.kills),
      n(totals.interrupted), n(totals.growths), n(totals.leases_ended), n(totals.resolved_living),
      n(totals.entries));
}

}  // namespace tollgate::sim
