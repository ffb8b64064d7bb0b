// Consecutive usage entries, as the ledger wrote them and the store keeps them.
#ifndef TOLLGATE_BILLING_LEDGER_USAGE_RUN_H_
#define TOLLGATE_BILLING_LEDGER_USAGE_RUN_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::billing {

// One entry of a run: where it is, and by what it is found.
struct UsageLine {
  // A part of UsageRun::rows.
  struct Part {
    std::uint32_t begin = 0;
    std::uint32_t size = 0;
  };
  Part row;  // The stored form (entry_codec.h), behind its length.
  Part workspace_id;
  Part key_id;
  Part generation_id;
  std::uint32_t attempt = 0;
};

// Entries of one lane with consecutive sequences.  Their stored forms stand one after another, each
// behind its length: a part of `rows` that begins and ends with rows is a chunk of the store.
struct UsageRun {
  std::uint64_t first_sequence = 0;
  std::string rows;
  std::vector<UsageLine> lines;

  std::string_view View(UsageLine::Part part) const {
    return std::string_view(rows).substr(part.begin, part.size);
  }
  std::uint64_t SequenceOf(std::size_t line) const { return first_sequence + line; }
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_LEDGER_USAGE_RUN_H_
