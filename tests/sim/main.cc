// tollgate-sim: the money machines under simulated time, network and disks; tests/sim/README.md.
#include <malloc.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "base/log.h"
#include "tests/sim/report.h"
#include "tests/sim/runner.h"
#include "tests/sim/seeded_bugs.h"

namespace tollgate::sim {
namespace {

// For glibc: of an allocation that the kernel is asked for, its most; and of memory that is kept.
constexpr int kMappedBytesMin = 32 << 20;
constexpr int kKeptBytesMax = 1 << 30;

constexpr const char* kHelp = R"(tollgate-sim [options]

Runs the real ledger, lease book, books, ingest, writer, lease pool, lease keeper, spool, shipper
and configuration machines under simulated time, network and disks.  Each seed is a small
installation with its own faults; invariants are checked after every step.

  --seeds FROM..TO    run these seeds (default 1..1000)
  --jobs N            on so many processes (default 2)
  --seed N            run one seed again; prints its last 200 events when it violates something
  --trace             with --seed: print them in any case
  --go-on             list all seeds that violate something
  --events N          so many of the last events, instead of 200
  --digests           say of each seed what it ran to: two builds that agree ran to the same events
  --progress          say how far it is
  --expect INVARIANT  only a violation of this one counts
  --bug NAME          with a seeded bug (tollgate-sim-bugs only)
  --bugs N            run every seeded bug on at most N seeds each, and print what caught it
  --help

Exits 0 when nothing was violated; 1 when something was, after its seed and last events; 2 for wrong
usage.
)";

struct Options {
  RunOptions run{.seeds = {1, 1000}, .jobs = 2, .expected = {}, .progress = false};
  std::optional<std::uint64_t> seed;
  bool trace = false;
  std::uint64_t bugs = 0;
};

bool ReadRange(const std::string& text, SeedRange* range) {
  const std::size_t dots = text.find("..");
  return dots != std::string::npos && absl::SimpleAtoi(text.substr(0, dots), &range->first) &&
         absl::SimpleAtoi(text.substr(dots + 2), &range->last) && range->first > 0 &&
         range->first <= range->last;
}

// False for wrong usage.
bool Read(int argc, char** argv, Options* options) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--trace") {
      options->trace = true;
      continue;
    }
    if (name == "--go-on") {
      options->run.go_on = true;
      continue;
    }
    if (name == "--digests") {
      options->run.digests = true;
      continue;
    }
    if (name == "--progress") {
      options->run.progress = true;
      continue;
    }
    if (i + 1 == argc) return false;
    const std::string value = argv[++i];
    if (name == "--seeds") {
      if (!ReadRange(value, &options->run.seeds)) return false;
    } else if (name == "--jobs") {
      if (!absl::SimpleAtoi(value, &options->run.jobs)) return false;
    } else if (name == "--seed") {
      options->seed.emplace();
      if (!absl::SimpleAtoi(value, &*options->seed)) return false;
    } else if (name == "--events") {
      if (!absl::SimpleAtoi(value, &last_events_max)) return false;
    } else if (name == "--expect") {
      options->run.expected = value;
    } else if (name == "--bug") {
      if (!EnableBug(value)) return false;
    } else if (name == "--bugs") {
      if (!absl::SimpleAtoi(value, &options->bugs) || options->bugs == 0) return false;
    } else {
      return false;
    }
  }
  return true;
}

int Run(const Options& options) {
  if (options.seed.has_value()) {
    return ReplaySeed(*options.seed, options.run.expected, options.trace) ? 0 : 1;
  }
  if (options.bugs > 0) return RunBugs(options.bugs, options.run.jobs) ? 0 : 1;
  const Totals totals = RunSeeds(options.run);
  PrintTotals(totals);
  for (const Finding& finding : options.run.go_on ? totals.findings : std::vector<Finding>()) {
    std::printf("seed %llu violates %s: %s\n", static_cast<unsigned long long>(finding.seed),
                finding.invariant.c_str(), finding.text.c_str());
  }
  if (options.run.go_on && !totals.findings.empty()) return 1;
  if (!totals.finding.has_value()) {
    std::printf("0 violations\n");
    return 0;
  }
  ReplaySeed(totals.finding->seed, options.run.expected, /*always=*/true);
  return 1;
}

int Main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::printf("%s", kHelp);
    return 0;
  }
  Options options;
  if (!Read(argc, argv, &options)) {
    std::fprintf(stderr, "%s", kHelp);
    return 2;
  }
  // Freed memory is kept, also that of whole disks: a seed asks for the same again and again, and
  // the kernel would clear each page anew.
  ::mallopt(M_MMAP_THRESHOLD, kMappedBytesMin);
  ::mallopt(M_TRIM_THRESHOLD, kKeptBytesMax);
  if (!ConfigureLog({.level = LogLevel::kOff}).ok()) return 2;
  return Run(options);
}

}  // namespace
}  // namespace tollgate::sim

int main(int argc, char** argv) { return tollgate::sim::Main(argc, argv); }
