#include "billing/service/usage_service.h"

#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/error_map.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "billing/service/usage_record_parser.h"

namespace tollgate::billing {
namespace {

using usage::v1::ReportUsageRequest;
using usage::v1::ReportUsageResponse;

void SetLaneEnd(const LaneRow& row, usage::v1::LaneEnd* end) {
  end->mutable_lane()->set_incarnation(row.lane.incarnation);
  end->mutable_lane()->set_lane(row.lane.lane);
  end->set_sequence(row.watermark);
}

// A node asks for the lanes of a handful of incarnations.
constexpr int kHelloLanesMax = 4'096;

absl::StatusOr<UsageBatch> ParseBatch(ReportUsageRequest::Batch& batch, const NodeRow& node) {
  if (batch.records_size() == 0 || batch.records_size() > kUsageBatchRecordsMax ||
      batch.ByteSizeLong() >
          kUsageBatchBytesMax + 64 * static_cast<std::size_t>(batch.records_size())) {
    return absl::InvalidArgumentError("a batch has 1 to 1,000 records and at most 1 MiB");
  }
  UsageBatch parsed;
  parsed.lane = {node.node_id, batch.lane().incarnation(), batch.lane().lane()};
  parsed.first_sequence = batch.first_sequence();
  parsed.running_incarnation = node.incarnation;
  parsed.records.reserve(static_cast<std::size_t>(batch.records_size()));
  for (std::string& bytes : *batch.mutable_records()) {
    absl::StatusOr<UsageRecordItem> record = ParseUsageRecord(std::move(bytes));
    if (!record.ok()) {
      return absl::InvalidArgumentError(absl::StrCat(record.status().message(), " (sequence ",
                                                     parsed.first_sequence + parsed.records.size(),
                                                     ")"));
    }
    parsed.records.push_back(*std::move(record));
  }
  return parsed;
}

}  // namespace

// One stream.  At any time either a read is pending, or a command is with the writer, or a write is
// under way (`busy_` for the last two): one step at a time, which group commit makes fast enough.
class UsageService::Reactor final
    : public grpc::ServerBidiReactor<ReportUsageRequest, ReportUsageResponse> {
 public:
  explicit Reactor(UsageService& service) : service_(service) {}

  void Begin() { StartRead(&request_); }

  // Ends the stream as soon as nothing is under way.
  void End() {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
    if (!busy_) FinishOnce(absl::UnavailableError("billing is stopping; connect again"));
  }

  void OnReadDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      if (finished_) return;
      if (!ok) return FinishOnce(absl::OkStatus());
      busy_ = true;
    }
    switch (request_.kind_case()) {
      case ReportUsageRequest::kHello:
        return Hello();
      case ReportUsageRequest::kBatch:
        return Batch();
      case ReportUsageRequest::kCloseIncarnation:
        return CloseIncarnation();
      case ReportUsageRequest::KIND_NOT_SET:
        break;
    }
    Fail(absl::InvalidArgumentError("a message without content"));
  }

  void OnWriteDone(bool ok) override {
    absl::MutexLock lock(&mutex_);
    busy_ = false;
    if (!ok) return FinishOnce(absl::OkStatus());
    if (ending_) return FinishOnce(absl::UnavailableError("billing is stopping; connect again"));
    request_.Clear();
    StartRead(&request_);
  }

  void OnDone() override {
    if (admitted_) {
      service_.writer_.Submit(
          {.apply = [id = node_.node_id](Books& books, Now) { books.AddUsageStream(id, -1); },
           .done = [](const absl::Status&) {}});
    }
    service_.Remove(this);
    delete this;
  }

 private:
  void Hello() {
    if (admitted_) return Fail(absl::InvalidArgumentError("Hello opens a stream, once"));
    const ReportUsageRequest::Hello& hello = request_.hello();
    if (hello.lanes_size() > kHelloLanesMax) {
      return Fail(absl::InvalidArgumentError("too many lanes"));
    }
    node_ = {hello.node_id(), hello.incarnation(), hello.session()};
    Submit([this](Books& books, Now) -> absl::Status {
      TG_RETURN_IF_ERROR(books.AdmitReporter(node_));
      books.AddUsageStream(node_.node_id, 1);
      admitted_ = true;
      auto* welcome = response_.mutable_welcome();
      for (const usage::v1::Lane& lane : request_.hello().lanes()) {
        const LaneKey key{node_.node_id, lane.incarnation(), lane.lane()};
        SetLaneEnd({key, books.lanes().Watermark(key)}, welcome->add_lanes());
      }
      return absl::OkStatus();
    });
  }

  void Batch() {
    if (!admitted_) return Fail(absl::InvalidArgumentError("the first message is Hello"));
    absl::StatusOr<UsageBatch> batch = ParseBatch(*request_.mutable_batch(), node_);
    if (!batch.ok()) {
      LogEvent(LogLevel::kError, "usage_batch_refused",
               {{"node", node_.node_id}, {"error", batch.status()}});
      return Fail(batch.status());
    }
    auto shared = std::make_shared<UsageBatch>(*std::move(batch));
    Submit([this, shared](Books& books, Now now) -> absl::Status {
      TG_ASSIGN_OR_RETURN(const UsageReceipt receipt, books.Apply(*shared, now));
      auto* ack = response_.mutable_ack();
      SetLaneEnd({shared->lane, receipt.watermark}, ack->mutable_lane());
      ack->set_quarantined(receipt.quarantined);
      if (receipt.quarantined > 0) {
        LogEvent(LogLevel::kError, "usage_quarantined",
                 {{"node", node_.node_id}, {"records", receipt.quarantined}});
      }
      return absl::OkStatus();
    });
  }

  void CloseIncarnation() {
    if (!admitted_) return Fail(absl::InvalidArgumentError("the first message is Hello"));
    Submit([this](Books& books, Now now) -> absl::Status {
      const ReportUsageRequest::CloseIncarnation& close = request_.close_incarnation();
      std::vector<LaneRow> ends;
      for (const usage::v1::LaneEnd& end : close.lanes()) {
        ends.push_back(
            {{node_.node_id, end.lane().incarnation(), end.lane().lane()}, end.sequence()});
      }
      TG_RETURN_IF_ERROR(
          books.CloseIncarnation(node_.node_id, node_.incarnation, close.incarnation(), ends, now));
      response_.mutable_incarnation_closed()->set_incarnation(close.incarnation());
      return absl::OkStatus();
    });
  }

  // Runs `step` on the books; it fills response_, which is sent when its effects are durable.
  void Submit(std::function<absl::Status(Books&, Now)> step) {
    response_.Clear();
    auto outcome = std::make_shared<absl::Status>();
    service_.writer_.Submit({.apply = [outcome, step = std::move(step)](
                                          Books& books, Now now) { *outcome = step(books, now); },
                             .done =
                                 [this, outcome](const absl::Status& synced) {
                                   if (!synced.ok()) return Fail(synced);
                                   if (!outcome->ok()) return Fail(*outcome);
                                   StartWrite(&response_);
                                 }});
  }

  void Fail(const absl::Status& status) {
    absl::MutexLock lock(&mutex_);
    busy_ = false;
    FinishOnce(status);
  }

  void FinishOnce(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (std::exchange(finished_, true)) return;
    Finish(ToGrpc(status));
  }

  UsageService& service_;
  // Touched by one step at a time.
  ReportUsageRequest request_;
  ReportUsageResponse response_;
  NodeRow node_;
  bool admitted_ = false;

  absl::Mutex mutex_;
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

UsageService::~UsageService() {
  absl::MutexLock lock(&mutex_);
  CHECK(reactors_.empty()) << "the server must be shut down first";
}

grpc::ServerBidiReactor<ReportUsageRequest, ReportUsageResponse>* UsageService::ReportUsage(
    grpc::CallbackServerContext*) {
  auto* reactor = new Reactor(*this);
  bool ending = false;
  {
    absl::MutexLock lock(&mutex_);
    reactors_.insert(reactor);
    ending = ending_;
  }
  if (ending) {
    reactor->End();
  } else {
    reactor->Begin();
  }
  return reactor;
}

void UsageService::EndStreams() {
  absl::MutexLock lock(&mutex_);
  ending_ = true;
  for (Reactor* reactor : reactors_) reactor->End();
}

void UsageService::Remove(Reactor* reactor) {
  absl::MutexLock lock(&mutex_);
  reactors_.erase(reactor);
}

}  // namespace tollgate::billing
