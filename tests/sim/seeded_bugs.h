// The bugs that are put in on purpose (base/seeded_bug.h), and whether the harness finds them.
#ifndef TOLLGATE_TESTS_SIM_SEEDED_BUGS_H_
#define TOLLGATE_TESTS_SIM_SEEDED_BUGS_H_

#include <cstdint>
#include <string_view>

namespace tollgate::sim {

// Switches a bug on; false when there is none of this name, or none in this build.
bool EnableBug(std::string_view name);

// Runs every bug on at most so many seeds, prints a table, and says whether each was caught by the
// invariant it breaks, and nothing was found without one.
bool RunBugs(std::uint64_t seeds_max, int jobs);

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SEEDED_BUGS_H_
