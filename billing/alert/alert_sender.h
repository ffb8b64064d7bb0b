// Brings the messages of the outbox to their webhooks: at least once each, in order per webhook.
//
// A message is in the outbox since the charge that caused it was made durable, and leaves it when
// its webhook has answered 2xx, or after three days.  A webhook that fails rests, longer each time;
// others do not wait for it longer than one attempt takes.
#ifndef TOLLGATE_BILLING_ALERT_ALERT_SENDER_H_
#define TOLLGATE_BILLING_ALERT_ALERT_SENDER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/backoff.h"
#include "base/clock.h"
#include "base/metrics.h"
#include "base/random.h"
#include "base/seal.h"
#include "billing/alert/alert_event.h"
#include "billing/writer/ledger_writer.h"

namespace prometheus {
class Counter;
}  // namespace prometheus

namespace tollgate::billing {

// "t=<unix seconds>,v1=<hex HMAC-SHA256(secret, t + "." + body)>".
std::string WebhookSignature(std::string_view secret, std::int64_t unix_seconds,
                             std::string_view body);

struct AlertSenderOptions {
  absl::Duration look_interval = absl::Milliseconds(500);  // Between looks at the outbox.
  absl::Duration give_up = absl::Hours(72);
  BackoffOptions backoff = {.delay_initial = absl::Seconds(1), .delay_max = absl::Minutes(5)};
};

class AlertSender {
 public:
  using Headers = std::vector<std::pair<std::string, std::string>>;
  // Sends one message; OK when it was taken.
  using Post = std::function<absl::Status(const std::string& url, const Headers& headers,
                                          const std::string& body)>;

  // What is referred to must outlive this.  `sealer` opens the webhooks' secrets; null: messages
  // wait, and the log says so.
  AlertSender(LedgerWriter& writer, const Sealer* sealer, const Clock& clock, Metrics& metrics,
              Post post, AlertSenderOptions options = {});
  ~AlertSender();

  // Starts the thread.
  void Start();
  // Ends it, after the attempt that is under way.  Idempotent; before the writer stops.
  void Stop();

  // One look and what it finds to do, on the calling thread: instead of Start().
  void Step();

 private:
  struct Rest {
    Backoff backoff;
    MonotonicTime until;
  };

  void Run();
  void Fetch();
  void Send(const OutboxRow& row, const Webhook& webhook);
  void Remove(std::uint64_t number);

  LedgerWriter& writer_;
  const Sealer* const sealer_;
  const Clock& clock_;
  const Post post_;
  const AlertSenderOptions options_;
  prometheus::Counter& sent_;
  prometheus::Counter& failed_;
  prometheus::Counter& given_up_;

  // Of the thread alone.
  std::map<std::uint64_t, OutboxRow> rows_;
  std::uint64_t last_number_ = 0;
  WebhooksById webhooks_;
  std::map<std::string, Rest> resting_;  // By webhook.

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_ALERT_ALERT_SENDER_H_
