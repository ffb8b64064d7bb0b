#include "tests/sim/seeded_bugs.h"

#include <cstdio>
#include <string>

#include "base/seeded_bug.h"
#include "tests/sim/runner.h"

namespace tollgate::sim {

#ifdef TOLLGATE_SEEDED_BUGS

namespace {

struct Row {
  const char* name;
  SeededBug bug;
  const char* breaks;  // The invariant, as in reliability.md §3.
  const char* what;
};

constexpr Row kRows[] = {
    {"V1", SeededBug::kReclaimByTime, "CAP", "time frees the money of an unrenewed lease"},
    {"V2", SeededBug::kCloseBeforeAck, "LEDGER", "a lease is closed before its usage is known"},
    {"V3", SeededBug::kLateGrant, "CAP", "a late grant on a closed lease is accepted"},
    {"V4", SeededBug::kNoDedupe, "ONCE", "a record that comes again is applied again"},
    {"V5", SeededBug::kRestartReleases, "LEDGER", "a restart releases what was held before"},
    {"V6", SeededBug::kUnderReserve, "CAP", "less is held than an attempt may cost"},
    {"V7", SeededBug::kNoIntent, "COMPLETE", "no intent is written before an attempt"},
    {"V8", SeededBug::kAdoptWithoutIntent, "CAP", "adoption without intents"},
    {"M1", SeededBug::kAckBeforeSync, "COMPLETE", "records are acknowledged before the sync"},
    {"M2", SeededBug::kDedupeApart, "ONCE", "watermarks are written in a second batch"},
    {"M3", SeededBug::kSpoolUnsynced, "COMPLETE", "the spool says synced and did not"},
};

}  // namespace

bool EnableBug(std::string_view name) {
  for (const Row& row : kRows) {
    if (name != row.name) continue;
    seeded_bug = row.bug;
    return true;
  }
  return false;
}

bool RunBugs(std::uint64_t seeds_max, int jobs) {
  RunOptions options;
  options.seeds = {1, seeds_max};
  options.jobs = jobs;
  int caught = 0;
  std::printf("%-4s %-46s %-9s %8s  %s\n", "bug", "what", "breaks", "seeds", "first alarm");
  for (const Row& row : kRows) {
    seeded_bug = row.bug;
    options.expected = row.breaks;
    const Totals totals = RunSeeds(options);
    const bool found = totals.finding.has_value() && totals.finding->invariant == row.breaks;
    caught += found ? 1 : 0;
    std::printf("%-4s %-46s %-9s %8llu  %s at seed %llu%s\n", row.name, row.what, row.breaks,
                static_cast<unsigned long long>(totals.seeds),
                totals.first_alarm.empty() ? "none" : totals.first_alarm.c_str(),
                static_cast<unsigned long long>(totals.first_alarm_seed),
                found ? "" : "   NOT CAUGHT");
    std::fflush(stdout);
  }
  seeded_bug = SeededBug::kNone;
  options.expected.clear();
  const Totals without = RunSeeds(options);
  PrintTotals(without);
  std::printf("caught %d of %d; without a bug: %s\n", caught, static_cast<int>(std::size(kRows)),
              without.finding.has_value() ? without.finding->invariant.c_str() : "0 violations");
  return caught == static_cast<int>(std::size(kRows)) && !without.finding.has_value();
}

#else

bool EnableBug(std::string_view) { return false; }

bool RunBugs(std::uint64_t, int) {
  std::printf("this build has no seeded bugs; build tollgate-sim-bugs\n");
  return false;
}

#endif

}  // namespace tollgate::sim
