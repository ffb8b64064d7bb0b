// What processes have used so far, from /proc: the benchmark's only source of costs.
#ifndef TOLLGATE_TESTS_BENCH_PROCESS_USAGE_H_
#define TOLLGATE_TESTS_BENCH_PROCESS_USAGE_H_

#include <unistd.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tollgate::bench {

struct ProcessUsage {
  double user_s = 0;
  double kernel_s = 0;
  std::int64_t rss_bytes = 0;
};

// The usage of one process, all its threads; zero when it is gone.  The sum of user and kernel time
// is what the scheduler counted; the split between them is sampled (proc(5), /proc/pid/stat).
inline ProcessUsage ReadUsage(const std::string& pid) {
  std::ifstream file("/proc/" + pid + "/stat");
  std::string text;
  std::getline(file, text);
  ProcessUsage usage;
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return usage;
  std::istringstream fields(text.substr(name_end + 1));
  std::string field;
  const double tick_s = 1.0 / static_cast<double>(sysconf(_SC_CLK_TCK));
  // Fields are numbered from 1 and the name is the second: utime 14, stime 15, rss (pages) 24.
  for (int number = 3; fields >> field; ++number) {
    if (number == 14) usage.user_s = tick_s * std::stod(field);
    if (number == 15) usage.kernel_s = tick_s * std::stod(field);
    if (number == 24) usage.rss_bytes = std::stoll(field) * sysconf(_SC_PAGESIZE);
  }
  return usage;
}

// "12,13;14": the usage of 12 and 13 together, and of 14.  Empty for an empty text.
inline std::vector<ProcessUsage> ReadGroups(const std::string& groups) {
  std::vector<ProcessUsage> read;
  std::istringstream all(groups);
  for (std::string group; std::getline(all, group, ';');) {
    ProcessUsage sum;
    std::istringstream pids(group);
    for (std::string pid; std::getline(pids, pid, ',');) {
      const ProcessUsage one = ReadUsage(pid);
      sum.user_s += one.user_s;
      sum.kernel_s += one.kernel_s;
      sum.rss_bytes += one.rss_bytes;
    }
    read.push_back(sum);
  }
  return read;
}

}  // namespace tollgate::bench

#endif  // TOLLGATE_TESTS_BENCH_PROCESS_USAGE_H_
