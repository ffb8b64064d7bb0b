// How a workspace's and a key's generations are found: by id, and newest first.
//
// Generation ids begin with their time, so those of one commit lie close together.  A row lists all
// that one commit has of one workspace, or of one of its keys, and of one *bucket*: ids that begin
// alike, within about a second.  An id is looked up among the rows of its bucket; a list goes from
// bucket to bucket, backwards.
#ifndef TOLLGATE_BILLING_STORE_GENERATION_INDEX_H_
#define TOLLGATE_BILLING_STORE_GENERATION_INDEX_H_

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "billing/ledger/usage_run.h"

namespace tollgate::billing {

// "gen_" and the first 8 of the 10 characters of a ULID's time: 2^10 milliseconds.
inline constexpr std::size_t kBucketChars = 12;
std::string_view GenerationBucket(std::string_view generation_id);

// What the keys of a list begin with; an empty `key_id` for the list of the whole workspace.
std::string GenerationListPrefix(std::string_view workspace_id, std::string_view key_id);
// And those of one bucket of it.
std::string GenerationBucketPrefix(std::string_view workspace_id, std::string_view key_id,
                                   std::string_view bucket);

// One attempt of a generation.
struct ListedGeneration {
  std::string id;
  std::uint32_t attempt = 0;
  std::uint64_t sequence = 0;  // Of its journal entry.

  friend auto operator<=>(const ListedGeneration&, const ListedGeneration&) = default;
};

// A row taken apart, in order of sequence.  DataLoss for what GenerationIndex did not write.
struct GenerationRow {
  std::string workspace_id;
  std::string key_id;
  std::string bucket;
  std::vector<ListedGeneration> listed;
};
absl::StatusOr<GenerationRow> DecodeGenerationRow(std::string_view key, std::string_view value);

// Adds to `found` the attempts of one generation that a row of its bucket lists.  DataLoss as
// above.
absl::Status FindInGenerationRow(std::string_view key, std::string_view value,
                                 std::string_view generation_id,
                                 std::vector<ListedGeneration>& found);

// Gathers the rows of one commit.  What is added must outlive this and the rows.
class GenerationIndex {
 public:
  // The lines of a run from `begin` to `end`, exclusive.
  void Add(const UsageRun& run, std::size_t begin, std::size_t end);
  // All of them.
  void Add(const UsageRun& run) { Add(run, 0, run.lines.size()); }

  // What the rows of one list and bucket have in common.
  struct Place {
    std::string_view workspace_id;
    std::string_view key_id;
    std::string_view bucket;

    friend auto operator<=>(const Place&, const Place&) = default;
    template <typename H>
    friend H AbslHashValue(H state, const Place& place) {
      return H::combine(std::move(state), place.workspace_id, place.key_id, place.bucket);
    }
  };
  struct Row {
    Place place;
    std::uint64_t last_sequence = 0;
    std::string value;

    std::string Key() const;
  };
  // Hands over what was gathered, in order of their keys.
  std::vector<Row> TakeRows();

 private:
  std::size_t RowOf(const Place& place);
  static void Append(Row& row, std::string_view id, std::uint32_t attempt, std::uint64_t sequence);

  std::vector<Row> rows_;
  absl::flat_hash_map<Place, std::size_t> places_;  // Into rows_.
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_STORE_GENERATION_INDEX_H_
