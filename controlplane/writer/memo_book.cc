#include "controlplane/writer/memo_book.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/digest.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "controlplane/resource/reflect.h"

namespace tollgate::controlplane {

using configstore::v1::Memo;

namespace {

absl::Time TimeOf(const Memo& memo) {
  return absl::FromUnixSeconds(memo.time().seconds()) + absl::Nanoseconds(memo.time().nanos());
}

absl::StatusOr<Memo> ParseMemo(const std::string& value) {
  Memo memo;
  if (memo.ParseFromString(value)) return memo;
  return absl::DataLossError("a stored memo cannot be read");
}

}  // namespace

absl::Status MemoBook::Load() {
  TG_ASSIGN_OR_RETURN(std::vector<StoreEntry> entries, store_.Scan(Table::kMemos, {}));
  for (StoreEntry& entry : entries) {
    TG_ASSIGN_OR_RETURN(const Memo memo, ParseMemo(entry.value));
    rows_.push_back({TimeOf(memo), std::move(entry.key)});
  }
  std::sort(rows_.begin(), rows_.end(), [](const Row& a, const Row& b) { return a.time < b.time; });
  return absl::OkStatus();
}

std::string MemoBook::Fingerprint(std::uint32_t pepper_id, std::string_view contents) const {
  const std::optional<Sha256Digest> digest = peppers_.Digest(pepper_id, contents);
  return digest.has_value() ? std::string(DigestView(*digest)) : std::string();
}

absl::StatusOr<std::optional<Memo>> MemoBook::Find(const std::string& row_key,
                                                   std::string_view contents) {
  TG_ASSIGN_OR_RETURN(std::optional<std::string> value, store_.Get(Table::kMemos, row_key));
  if (!value.has_value()) return std::optional<Memo>();
  TG_ASSIGN_OR_RETURN(Memo memo, ParseMemo(*value));
  if (ConstantTimeEqual(memo.fingerprint(), Fingerprint(memo.pepper_id(), contents))) {
    return std::optional<Memo>(std::move(memo));
  }
  return ErrorWithReason(absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED",
                         "this request_id was used for another request; choose a new one");
}

absl::Status MemoBook::Add(const std::string& row_key, std::string_view contents,
                           const configstore::v1::Record* answer, StoreBatch& batch) {
  const absl::Time now = clock_.Wall();
  removed_ = 0;
  while (removed_ < kMemosRemovedPerCommit && removed_ < rows_.size() &&
         now - rows_[removed_].time > kMemoAgeMin) {
    batch.Delete(Table::kMemos, rows_[removed_].key);
    ++removed_;
  }
  if (rows_.size() - removed_ >= kMemosMax) {
    return ErrorWithReason(absl::StatusCode::kResourceExhausted, "TOO_MANY_REQUEST_IDS",
                           "too many request ids within a day; leave request_id empty or wait");
  }
  Memo memo;
  memo.set_pepper_id(peppers_.current_id());
  memo.set_fingerprint(Fingerprint(memo.pepper_id(), contents));
  SetTimeField(memo, "time", now);
  if (answer != nullptr) *memo.mutable_answer() = *answer;
  batch.Put(Table::kMemos, row_key, memo.SerializeAsString());
  added_ = Row{now, row_key};
  return absl::OkStatus();
}

void MemoBook::Commit() {
  if (!added_.has_value()) return;
  rows_.erase(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(removed_));
  rows_.push_back(*std::move(added_));
  added_.reset();
  removed_ = 0;
}

void MemoBook::KeepSecret(const std::string& row_key, const Secret& secret) {
  ForgetSecrets();
  secrets_[row_key] = {secret.Clone(), clock_.Monotonic() + kSecretAgeMax};
  secret_order_.push_back(row_key);
}

Secret MemoBook::FindSecret(const std::string& row_key) {
  ForgetSecrets();
  const auto it = secrets_.find(row_key);
  return it == secrets_.end() ? Secret() : it->second.secret.Clone();
}

void MemoBook::ForgetSecrets() {
  const MonotonicTime now = clock_.Monotonic();
  while (!secret_order_.empty()) {
    const auto it = secrets_.find(secret_order_.front());
    CHECK(it != secrets_.end());
    if (it->second.expire_time > now && secrets_.size() < kSecretsMax) return;
    secrets_.erase(it);
    secret_order_.pop_front();
  }
}

}  // namespace tollgate::controlplane
