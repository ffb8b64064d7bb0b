// The one thread that changes the books.
//
// Commands queue up; the thread takes all that wait, applies them in order to the books, writes
// what they changed in ONE synced batch, and then tells each its outcome.  While one batch syncs
// the next gathers, so that the cost of a sync is shared by everybody who waits (group commit),
// without any timer.
//
// After a failed write nobody knows what is on the disk.  The writer is then *poisoned*: the
// command and all later ones are told so, nothing is acknowledged, and only a restart, which reads
// the store again, helps.
#ifndef TOLLGATE_BILLING_WRITER_LEDGER_WRITER_H_
#define TOLLGATE_BILLING_WRITER_LEDGER_WRITER_H_

#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "billing/books/books.h"
#include "billing/store/ledger_store.h"

namespace tollgate::billing {

class WriterMetrics;

// One change of the books.  Both functions run on the writer's thread and must not block.
struct WriterCommand {
  // Changes or reads the books; keeps its outcome for `done`.  Not called when poisoned.
  std::function<void(Books& books, Now now)> apply;
  // Told OK once all that `apply` changed is durable; else UNAVAILABLE, and then nothing that
  // `apply` found may be used.
  std::function<void(const absl::Status& synced)> done;
};

// More commands than this waiting means that the disk cannot keep up: refuse rather than pile up.
inline constexpr std::size_t kWriterQueueMax = 50'000;
// Per batch, so that one sync does not wait for an endless stream of commands.
inline constexpr std::size_t kWriterBatchMax = 4'096;

// Thread-safe.
class LedgerWriter {
 public:
  // Lease messages that may now be sent, in order; runs on the writer's thread, must not block.
  using Deliver = std::function<void(std::vector<LeaseMessage>)>;

  // `store`, `clock` and `metrics` must outlive this.  `books` were opened from the store.
  LedgerWriter(LedgerStore& store, const Clock& clock, Metrics& metrics,
               std::unique_ptr<Books> books);
  // Stops if Stop() was not called.
  ~LedgerWriter();

  // Starts the thread.  Commands may be submitted before.  `on_poisoned` is called once, on the
  // writer's thread, if it comes to that.
  void Start(Deliver deliver, std::function<void()> on_poisoned);

  // Instead of Start(), for who brings a loop of its own: nothing runs but in Step().
  void Attach(Deliver deliver, std::function<void()> on_poisoned);
  // Runs what is queued, as one batch, and the waits that are over, on the calling thread.
  // REQUIRED: Attach().
  void Step();
  // When Step() has something to do although nothing was submitted.  REQUIRED: Attach().
  MonotonicTime NextDeadline() const { return books_->NextDeadline(); }

  // Queues a command.  Its `done` is always called once: at once, on the calling thread, when the
  // writer is poisoned, stopped or full.
  void Submit(WriterCommand command);

  // Finishes what is queued, then ends the thread.  Idempotent.
  void Stop();

  // OK, or why nothing is written any more.
  absl::Status health() const;

 private:
  void Run();
  void RunBatch(std::vector<WriterCommand> commands);
  // Takes what waits; false when it is time to end.  Also returns, with nothing, when a Want's wait
  // is over.
  bool Take(MonotonicTime deadline, std::vector<WriterCommand>* commands);
  void TakeQueued(std::vector<WriterCommand>* commands) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Poison(const absl::Status& cause);

  LedgerStore& store_;
  const Clock& clock_;
  const std::unique_ptr<WriterMetrics> metrics_;
  const std::unique_ptr<Books> books_;  // Touched by the thread alone once it runs.
  Deliver deliver_;                     // Likewise.
  std::function<void()> on_poisoned_;   // Likewise.
  std::thread thread_;

  mutable absl::Mutex mutex_;
  std::deque<WriterCommand> queue_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  absl::Status health_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_WRITER_LEDGER_WRITER_H_
