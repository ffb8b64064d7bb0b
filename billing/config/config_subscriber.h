// Keeps billing's configuration current: a stream to the control plane, opened again whenever it
// ends or falls silent.
//
// Billing needs the control plane only to learn of changes: what it last knew is in its own store,
// and is in force before the first stream is opened.
#ifndef TOLLGATE_BILLING_CONFIG_CONFIG_SUBSCRIBER_H_
#define TOLLGATE_BILLING_CONFIG_CONFIG_SUBSCRIBER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "base/metrics.h"
#include "billing/config/config_cache.h"
#include "billing/writer/ledger_writer.h"

namespace grpc {
class Channel;
}  // namespace grpc

namespace tollgate::billing {

struct ConfigSubscriberOptions {
  // A heartbeat comes every second; after five that did not, the peer is taken for gone.
  absl::Duration silence_max = absl::Seconds(5);
  // Told every revision that is put in force, and from whom it takes something; may be empty.
  std::function<void(ConfigRevision, const BindingChange&)> on_revision = {};
};

class ConfigSubscriber {
 public:
  // `writer` and `metrics` must outlive this.
  ConfigSubscriber(std::shared_ptr<grpc::Channel> channel, ConfigCache cache, LedgerWriter& writer,
                   Metrics& metrics, ConfigSubscriberOptions options = {});
  // Stops if Stop() was not called.
  ~ConfigSubscriber();

  void Start();
  // Ends the stream and the thread.  The writer must still run.  Idempotent.
  void Stop();

 private:
  class Stream;

  void Run();

  const std::shared_ptr<grpc::Channel> channel_;
  const ConfigSubscriberOptions options_;
  LedgerWriter& writer_;
  ConfigCache cache_;  // Touched by the stream that is open, one callback at a time.
  prometheus::Gauge& revision_;
  prometheus::Gauge& connected_;
  std::thread thread_;

  absl::Mutex mutex_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  Stream* stream_ ABSL_GUARDED_BY(mutex_) = nullptr;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_CONFIG_CONFIG_SUBSCRIBER_H_
