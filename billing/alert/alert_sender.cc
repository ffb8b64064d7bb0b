#include "billing/alert/alert_sender.h"

#include <prometheus/counter.h>

#include <memory>
#include <set>

#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/string_views.h"

namespace tollgate::billing {
namespace {

prometheus::Counter& Deliveries(Metrics& metrics, const char* result) {
  return metrics.AddCounter("tollgate_billing_alert_deliveries_total",
                            "Attempts to bring an alert to a webhook, and what became of them.",
                            {{"result", result}});
}

}  // namespace

std::string WebhookSignature(std::string_view secret, std::int64_t unix_seconds,
                             std::string_view body) {
  const std::string text = absl::StrCat(unix_seconds, ".", AbslView(body));
  const Sha256Digest mac = HmacSha256(secret, text);
  return absl::StrCat("t=", unix_seconds, ",v1=", HexEncode(DigestView(mac)));
}

AlertSender::AlertSender(LedgerWriter& writer, const Sealer* sealer, const Clock& clock,
                         Metrics& metrics, Post post, AlertSenderOptions options)
    : writer_(writer),
      sealer_(sealer),
      clock_(clock),
      post_(std::move(post)),
      options_(options),
      sent_(Deliveries(metrics, "taken")),
      failed_(Deliveries(metrics, "failed")),
      given_up_(Deliveries(metrics, "given_up")) {}

AlertSender::~AlertSender() { Stop(); }

void AlertSender::Start() {
  thread_ = std::thread([this] { Run(); });
}

void AlertSender::Stop() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  if (thread_.joinable()) thread_.join();
}

void AlertSender::Run() {
  while (true) {
    {
      absl::MutexLock lock(&mutex_);
      if (mutex_.AwaitWithTimeout(absl::Condition(&stopping_), options_.look_interval)) return;
    }
    Step();
  }
}

// What is new in the outbox, and where it goes: read between two batches of the books.
void AlertSender::Fetch() {
  struct News {
    std::vector<OutboxRow> rows;
    WebhooksById webhooks;
    absl::Mutex mutex;
    bool ready ABSL_GUARDED_BY(mutex) = false;
    bool good ABSL_GUARDED_BY(mutex) = false;
  };
  auto news = std::make_shared<News>();
  writer_.Submit({.apply =
                      [news, last = last_number_](Books& books, Now) {
                        const auto& outbox = books.outbox();
                        for (auto it = outbox.upper_bound(last); it != outbox.end(); ++it) {
                          news->rows.push_back(it->second);
                        }
                        news->webhooks = books.webhooks();
                      },
                  .done =
                      [news](const absl::Status& synced) {
                        absl::MutexLock lock(&news->mutex);
                        news->ready = true;
                        news->good = synced.ok();
                      }});
  absl::MutexLock lock(&news->mutex);
  news->mutex.Await(absl::Condition(&news->ready));
  if (!news->good) return;
  webhooks_ = std::move(news->webhooks);
  for (OutboxRow& row : news->rows) {
    last_number_ = row.number;
    rows_.emplace(row.number, std::move(row));
  }
}

void AlertSender::Step() {
  Fetch();
  std::set<std::string> passed;  // Webhooks whose first message waits: order is kept.
  for (auto it = rows_.begin(); it != rows_.end();) {
    const OutboxRow row = it->second;
    ++it;
    const auto webhook = webhooks_.find(row.webhook_id);
    if (clock_.Wall() - row.create_time >= options_.give_up || webhook == webhooks_.end()) {
      LogEvent(LogLevel::kError, "alert_given_up",
               {{"webhook", row.webhook_id}, {"event", row.event_id}});
      given_up_.Increment();
      Remove(row.number);
      continue;
    }
    const auto rest = resting_.find(row.webhook_id);
    const bool rests = rest != resting_.end() && clock_.Monotonic() < rest->second.until;
    if (rests || webhook->second.disabled || passed.contains(row.webhook_id)) {
      passed.insert(row.webhook_id);
      continue;
    }
    {
      absl::MutexLock lock(&mutex_);
      if (stopping_) return;
    }
    Send(row, webhook->second);
    if (rows_.contains(row.number)) passed.insert(row.webhook_id);
  }
}

void AlertSender::Send(const OutboxRow& row, const Webhook& webhook) {
  absl::StatusOr<Secret> secret =
      absl::FailedPreconditionError("billing has no seal_key_file to open the secret with");
  if (sealer_ != nullptr) {
    secret = sealer_->Open(webhook.sealed_secret, "webhook/" + row.webhook_id);
  }
  absl::Status status = secret.status();
  // An empty secret would sign for everybody.
  if (status.ok() && secret->empty()) status = absl::FailedPreconditionError("an empty secret");
  if (status.ok()) {
    const std::int64_t now = absl::ToUnixSeconds(clock_.Wall());
    status = post_(webhook.url,
                   {{"x-ai-gateway-signature", WebhookSignature(secret->Reveal(), now, row.body)},
                    {"x-ai-gateway-idempotency-key", row.event_id}},
                   row.body);
  }
  if (status.ok()) {
    sent_.Increment();
    resting_.erase(row.webhook_id);
    return Remove(row.number);
  }
  failed_.Increment();
  Rest& rest =
      resting_.try_emplace(row.webhook_id, Rest{Backoff(options_.backoff), {}}).first->second;
  rest.until = clock_.Monotonic() + rest.backoff.Next(SystemRandom());
  LogEvent(LogLevel::kWarning, "alert_not_taken",
           {{"webhook", row.webhook_id}, {"event", row.event_id}, {"error", status}});
}

void AlertSender::Remove(std::uint64_t number) {
  rows_.erase(number);
  writer_.Submit({.apply = [number](Books& books, Now) { books.RemoveMessage(number); },
                  .done = [](const absl::Status&) {}});
}

}  // namespace tollgate::billing
