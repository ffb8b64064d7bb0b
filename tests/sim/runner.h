// Runs many seeds on several processes, and one seed again with its events.
#ifndef TOLLGATE_TESTS_SIM_RUNNER_H_
#define TOLLGATE_TESTS_SIM_RUNNER_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tollgate::sim {

struct SeedRange {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

struct RunOptions {
  SeedRange seeds;
  int jobs = 2;
  std::string expected;  // See Report.
  bool progress = false;
  bool go_on = false;    // After a violation; all of them are listed.
  bool digests = false;  // Prints of each seed what it ran to, in the order in which they end.
};

struct Finding {
  std::uint64_t seed = 0;
  std::string invariant;  // "CHECK" when the code under test stopped itself.
  std::string text;
};

struct Totals {
  std::uint64_t seeds = 0;
  std::uint64_t events = 0;
  std::int64_t simulated_ms = 0;
  std::uint64_t requests = 0;
  std::uint64_t answered = 0;
  std::uint64_t refused = 0;
  std::uint64_t interrupted = 0;
  std::uint64_t growths = 0;
  std::uint64_t leases_ended = 0;
  std::uint64_t resolved_living = 0;
  std::uint64_t kills = 0;
  std::uint64_t entries = 0;
  double seconds = 0;
  std::vector<Finding> findings;   // By seed; of the first ones of each process.
  std::optional<Finding> finding;  // The lowest seed that was found to violate something.
  // The first seed that violated anything, expected or not, and what; 0 for none.
  std::uint64_t first_alarm_seed = 0;
  std::string first_alarm;
};

// Runs seeds until all are done or one violates what is looked for.
Totals RunSeeds(const RunOptions& options);

// Runs one seed with its events kept and prints them: always, or (`always` false) only when it
// violates something.  Whether it did not.
bool ReplaySeed(std::uint64_t seed, const std::string& expected, bool always);

void PrintTotals(const Totals& totals);

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_RUNNER_H_
