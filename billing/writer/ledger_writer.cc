#include "billing/writer/ledger_writer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/seeded_bug.h"
#include "billing/writer/writer_metrics.h"

namespace tollgate::billing {
namespace {

// What must be one batch in two: see kDedupeApart.
absl::Status WriteApart(LedgerStore& store, Commit commit) {
  Commit marks;
  marks.lanes = std::exchange(commit.lanes, {});
  const absl::Status written = store.Write(commit);
  return written.ok() ? store.Write(marks) : written;
}

// What was acknowledged and is not written yet: see kAckBeforeSync.
Commit& Unsynced() {
  static Commit unsynced;
  return unsynced;
}

}  // namespace

LedgerWriter::LedgerWriter(LedgerStore& store, const Clock& clock, Metrics& metrics,
                           std::unique_ptr<Books> books)
    : store_(store),
      clock_(clock),
      metrics_(std::make_unique<WriterMetrics>(metrics)),
      books_(std::move(books)) {
  if (TG_SEEDED_BUG(kAckBeforeSync)) Unsynced() = {};  // It died with the former process.
}

LedgerWriter::~LedgerWriter() { Stop(); }

void LedgerWriter::Start(Deliver deliver, std::function<void()> on_poisoned) {
  Attach(std::move(deliver), std::move(on_poisoned));
  thread_ = std::thread([this] { Run(); });
}

void LedgerWriter::Attach(Deliver deliver, std::function<void()> on_poisoned) {
  CHECK(!deliver_ && !thread_.joinable()) << "started twice";
  deliver_ = std::move(deliver);
  on_poisoned_ = std::move(on_poisoned);
}

void LedgerWriter::Step() {
  CHECK(deliver_ && !thread_.joinable()) << "a writer with a thread steps by itself";
  std::vector<WriterCommand> commands;
  {
    absl::MutexLock lock(&mutex_);
    TakeQueued(&commands);
  }
  RunBatch(std::move(commands));
}

void LedgerWriter::Submit(WriterCommand command) {
  absl::Status refusal;
  {
    absl::MutexLock lock(&mutex_);
    if (!health_.ok()) {
      refusal = health_;
    } else if (stopping_) {
      refusal = absl::UnavailableError("billing is stopping; try again");
    } else if (queue_.size() >= kWriterQueueMax) {
      refusal = absl::UnavailableError("billing has too much to write; try again");
    } else {
      queue_.push_back(std::move(command));
      return;
    }
  }
  command.done(refusal);
}

void LedgerWriter::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

absl::Status LedgerWriter::health() const {
  absl::MutexLock lock(&mutex_);
  return health_;
}

void LedgerWriter::Run() {
  std::vector<WriterCommand> commands;
  while (Take(books_->NextDeadline(), &commands)) {
    RunBatch(std::exchange(commands, {}));
  }
}

bool LedgerWriter::Take(MonotonicTime deadline, std::vector<WriterCommand>* commands) {
  absl::MutexLock lock(&mutex_);
  const auto something = [this] {
    mutex_.AssertHeld();
    return stopping_ || !queue_.empty();
  };
  if (deadline == MonotonicTime::InfiniteFuture()) {
    mutex_.Await(absl::Condition(&something));
  } else {
    mutex_.AwaitWithTimeout(absl::Condition(&something),
                            std::max(deadline - clock_.Monotonic(), absl::ZeroDuration()));
  }
  TakeQueued(commands);
  return !commands->empty() || !stopping_;
}

void LedgerWriter::TakeQueued(std::vector<WriterCommand>* commands) {
  const std::size_t count = std::min(queue_.size(), kWriterBatchMax);
  for (std::size_t i = 0; i < count; ++i) {
    commands->push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
}

void LedgerWriter::RunBatch(std::vector<WriterCommand> commands) {
  absl::Status synced = health();
  if (synced.ok()) {
    const Now now{clock_.Wall(), clock_.Monotonic()};
    for (WriterCommand& command : commands) command.apply(*books_, now);
    books_->Expire(now);
    Commit commit = books_->TakeCommit();
    if (TG_SEEDED_BUG(kAckBeforeSync)) {
      for (WriterCommand& command : std::exchange(commands, {})) command.done(synced);
      std::swap(commit, Unsynced());
    }
    if (!commit.empty()) {
      const MonotonicTime before = clock_.Monotonic();
      const absl::Status written =
          TG_SEEDED_BUG(kDedupeApart) ? WriteApart(store_, commit) : store_.Write(commit);
      if (written.ok()) {
        metrics_->ObserveBatch(commands.size(), clock_.Monotonic() - before, *books_);
      } else {
        Poison(written);
      }
    }
    synced = health();
  }
  for (WriterCommand& command : commands) command.done(synced);
  std::vector<LeaseMessage> messages = books_->TakeMessages();
  if (synced.ok() && !messages.empty()) deliver_(std::move(messages));
}

void LedgerWriter::Poison(const absl::Status& cause) {
  LogEvent(LogLevel::kError, "ledger_write_failed", {{"error", cause}});
  metrics_->SetPoisoned();
  {
    absl::MutexLock lock(&mutex_);
    health_ = absl::UnavailableError(
        "a write to the ledger failed; nothing is acknowledged until billing is restarted");
  }
  on_poisoned_();
}

}  // namespace tollgate::billing
