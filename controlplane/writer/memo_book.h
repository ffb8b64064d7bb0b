// What was answered to which request id (AIP-155).
#ifndef TOLLGATE_CONTROLPLANE_WRITER_MEMO_BOOK_H_
#define TOLLGATE_CONTROLPLANE_WRITER_MEMO_BOOK_H_

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/api_key.h"
#include "base/clock.h"
#include "base/secret.h"
#include "controlplane/store/config_store.h"
#include "tollgate/configstore/v1/record.pb.h"

namespace tollgate::controlplane {

// How long an answer is kept at least, and how many at most: a script that sends three mutations a
// second all day stays below.  Above, mutations with a request id are refused, not forgotten early.
inline constexpr absl::Duration kMemoAgeMin = absl::Hours(24);
inline constexpr std::size_t kMemosMax = 250'000;
// How many expired ones a commit removes at most, so that no commit is long.
inline constexpr std::size_t kMemosRemovedPerCommit = 16;
// How long, and for how many keys, a secret can be answered again.  In memory only: it is stored
// nowhere.
inline constexpr absl::Duration kSecretAgeMax = absl::Minutes(10);
inline constexpr std::size_t kSecretsMax = 1'000;
inline constexpr std::size_t kRequestIdCharsMax = 128;

// Not thread-safe: it belongs to the writer.
class MemoBook {
 public:
  // The arguments must outlive this.
  MemoBook(ConfigStore& store, const Peppers& peppers, const Clock& clock)
      : store_(store), peppers_(peppers), clock_(clock) {}

  // Learns which memos the store holds.
  absl::Status Load();

  // The memo of the row (MemoRowKey); nullopt when there is none.  AlreadyExists with reason
  // REQUEST_ID_REUSED when it was made for other contents.
  absl::StatusOr<std::optional<configstore::v1::Memo>> Find(const std::string& row_key,
                                                            std::string_view contents);

  // Adds a memo to the batch, and the removal of some that are old.  ResourceExhausted, reason
  // TOO_MANY_REQUEST_IDS, when the book is full of young ones.
  absl::Status Add(const std::string& row_key, std::string_view contents,
                   const configstore::v1::Record* answer, StoreBatch& batch);

  // The batch of the last Add() is written.
  void Commit();

  // Remembers a new key's secret for a repetition; finds it; forgets old ones.
  void KeepSecret(const std::string& row_key, const Secret& secret);
  Secret FindSecret(const std::string& row_key);

 private:
  struct Row {
    absl::Time time;
    std::string key;
  };
  struct KeptSecret {
    Secret secret;
    MonotonicTime expire_time;
  };

  std::string Fingerprint(std::uint32_t pepper_id, std::string_view contents) const;
  void ForgetSecrets();

  ConfigStore& store_;
  const Peppers& peppers_;
  const Clock& clock_;
  std::deque<Row> rows_;      // By time.
  std::optional<Row> added_;  // By Add(), until Commit().
  std::size_t removed_ = 0;   // By Add(), until Commit().
  std::map<std::string, KeptSecret> secrets_;
  std::deque<std::string> secret_order_;  // Oldest first.
};

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_CONTROLPLANE_WRITER_MEMO_BOOK_H_
