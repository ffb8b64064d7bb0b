#include "billing/service/usage_session.h"

#include <memory>
#include <string>
#include <utility>

#include "base/log.h"
#include "base/status_macros.h"
#include "billing/service/usage_record_parser.h"

namespace tollgate::billing {
namespace {

using usage::v1::ReportUsageRequest;

void SetLaneEnd(const LaneRow& row, usage::v1::LaneEnd* end) {
  end->mutable_lane()->set_incarnation(row.lane.incarnation);
  end->mutable_lane()->set_lane(row.lane.lane);
  end->set_sequence(row.watermark);
}

// A node asks for the lanes of a handful of incarnations.
constexpr int kHelloLanesMax = 4'096;

// The items are views of the message.
absl::StatusOr<UsageBatch> ParseBatch(const ReportUsageRequest::Batch& batch,
                                      const NodeRow& node) {
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
  for (const std::string& bytes : batch.records()) {
    absl::StatusOr<UsageRecordItem> record = ParseUsageRecord(bytes);
    if (!record.ok()) {
      // It goes to quarantine: its lane must not wait for what will never be readable.
      LogEvent(LogLevel::kError, "usage_record_unreadable",
               {{"node", node.node_id},
                {"incarnation", parsed.lane.incarnation},
                {"lane", parsed.lane.lane},
                {"sequence", parsed.first_sequence + parsed.records.size()},
                {"error", record.status()}});
      record = UnreadableRecord(bytes);
    }
    parsed.records.push_back(*std::move(record));
  }
  return parsed;
}

}  // namespace

void UsageSession::Handle(ReportUsageRequest& request, Done done) {
  switch (request.kind_case()) {
    case ReportUsageRequest::kHello:
      return Hello(request.hello(), std::move(done));
    case ReportUsageRequest::kBatch:
      return Batch(*request.mutable_batch(), std::move(done));
    case ReportUsageRequest::kCloseIncarnation:
      return CloseIncarnation(request.close_incarnation(), std::move(done));
    case ReportUsageRequest::KIND_NOT_SET:
      break;
  }
  done(absl::InvalidArgumentError("a message without content"));
}

void UsageSession::Hello(const ReportUsageRequest::Hello& hello, Done done) {
  if (admitted_) return done(absl::InvalidArgumentError("Hello opens a stream, once"));
  if (hello.lanes_size() > kHelloLanesMax) {
    return done(absl::InvalidArgumentError("too many lanes"));
  }
  node_ = {hello.node_id(), hello.incarnation(), hello.session()};
  Submit(
      [this, &hello](Books& books, Now) -> absl::Status {
        TG_RETURN_IF_ERROR(books.AdmitReporter(node_));
        books.AddUsageStream(node_.node_id, 1);
        admitted_ = true;
        auto* welcome = response_.mutable_welcome();
        for (const usage::v1::Lane& lane : hello.lanes()) {
          const LaneKey key{node_.node_id, lane.incarnation(), lane.lane()};
          SetLaneEnd({key, books.lanes().Watermark(key)}, welcome->add_lanes());
        }
        return absl::OkStatus();
      },
      std::move(done));
}

void UsageSession::Batch(ReportUsageRequest::Batch& message, Done done) {
  if (!admitted_) return done(absl::InvalidArgumentError("the first message is Hello"));
  absl::StatusOr<UsageBatch> batch = ParseBatch(message, node_);
  if (!batch.ok()) {
    LogEvent(LogLevel::kError, "usage_batch_refused",
             {{"node", node_.node_id}, {"error", batch.status()}});
    return done(batch.status());
  }
  auto shared = std::make_shared<UsageBatch>(*std::move(batch));
  Submit(
      [this, shared](Books& books, Now now) -> absl::Status {
        TG_ASSIGN_OR_RETURN(const UsageReceipt receipt, books.Apply(*shared, now));
        auto* ack = response_.mutable_ack();
        SetLaneEnd({shared->lane, receipt.watermark}, ack->mutable_lane());
        ack->set_quarantined(receipt.quarantined);
        if (receipt.quarantined > 0) {
          LogEvent(LogLevel::kError, "usage_quarantined",
                   {{"node", node_.node_id}, {"records", receipt.quarantined}});
        }
        return absl::OkStatus();
      },
      std::move(done));
}

void UsageSession::CloseIncarnation(const ReportUsageRequest::CloseIncarnation& close, Done done) {
  if (!admitted_) return done(absl::InvalidArgumentError("the first message is Hello"));
  Submit(
      [this, &close](Books& books, Now now) -> absl::Status {
        std::vector<LaneRow> ends;
        for (const usage::v1::LaneEnd& end : close.lanes()) {
          ends.push_back(
              {{node_.node_id, end.lane().incarnation(), end.lane().lane()}, end.sequence()});
        }
        TG_RETURN_IF_ERROR(books.CloseIncarnation(node_.node_id, node_.incarnation,
                                                  close.incarnation(), ends, now));
        response_.mutable_incarnation_closed()->set_incarnation(close.incarnation());
        return absl::OkStatus();
      },
      std::move(done));
}

void UsageSession::Close() {
  if (!admitted_) return;
  writer_.Submit(
      {.apply = [id = node_.node_id](Books& books, Now) { books.AddUsageStream(id, -1); },
       .done = [](const absl::Status&) {}});
}

// Runs `step` on the books; it fills response_, which is sent when its effects are durable.
void UsageSession::Submit(std::function<absl::Status(Books&, Now)> step, Done done) {
  response_.Clear();
  auto outcome = std::make_shared<absl::Status>();
  writer_.Submit(
      {.apply = [outcome, step = std::move(step)](Books& books,
                                                  Now now) { *outcome = step(books, now); },
       .done = [outcome, done = std::move(done)](
                   const absl::Status& synced) { done(synced.ok() ? *outcome : synced); }});
}

}  // namespace tollgate::billing
