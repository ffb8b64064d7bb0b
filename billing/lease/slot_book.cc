#include "billing/lease/slot_book.h"

#include <algorithm>

namespace tollgate::billing {
namespace {

bool IsCount(std::int64_t count) { return count >= 0 && count <= kSlotsMax; }

}  // namespace

absl::Status SlotBook::Take(StreamId stream, const SlotWant& request) {
  if (request.subject.empty() || request.subject.size() > kSlotSubjectBytesMax ||
      !IsCount(request.limit) || !IsCount(request.in_use) ||
      !IsCount(request.returned) || !IsCount(request.wanted)) {
    return absl::InvalidArgumentError("a limit has a name and a million slots at most");
  }
  std::set<std::string>& own = by_stream_[stream];
  if (own.size() >= kSlotSubjectsMax && !own.contains(request.subject)) {
    return absl::ResourceExhaustedError("the node uses too many small limits");
  }
  own.insert(request.subject);
  Subject& subject = subjects_[request.subject];
  if (request.limit > 0) subject.limit = request.limit;
  Holder& holder = subject.holders[stream];
  holder.held = std::min(holder.held + request.in_use, kSlotsMax);
  holder.held -= std::min(holder.held, request.returned);
  holder.wanted = request.wanted;
  if (holder.wanted == 0) {
    holder.waits_since = 0;
  } else if (holder.waits_since == 0) {
    holder.waits_since = next_order_++;
  }
  Serve(request.subject);
  return absl::OkStatus();
}

void SlotBook::CloseStream(StreamId stream) {
  const auto own = by_stream_.extract(stream);
  if (own.empty()) return;
  for (const std::string& name : own.mapped()) {
    subjects_.at(name).holders.erase(stream);
    Serve(name);
  }
}

SlotBook::Holder* SlotBook::LongestWaiting(Subject& subject, StreamId* stream) {
  Holder* longest = nullptr;
  for (auto& [id, holder] : subject.holders) {
    if (holder.wanted == 0) continue;
    if (longest == nullptr || holder.waits_since < longest->waits_since) {
      longest = &holder;
      *stream = id;
    }
  }
  return longest;
}

void SlotBook::Serve(const std::string& name) {
  const auto found = subjects_.find(name);
  Subject& subject = found->second;
  std::int64_t held = 0;
  for (const auto& [id, holder] : subject.holders) held += holder.held;
  StreamId stream = 0;
  std::map<StreamId, std::int64_t> granted;
  Holder* next = LongestWaiting(subject, &stream);
  for (; next != nullptr && held < subject.limit; next = LongestWaiting(subject, &stream)) {
    ++held;
    ++next->held;
    --next->wanted;
    next->recalled = false;
    next->waits_since = next->wanted == 0 ? 0 : next_order_++;
    ++granted[stream];
  }
  for (const auto& [id, count] : granted) answers_.push_back({id, name, count});
  for (auto& [id, holder] : subject.holders) {
    if (next == nullptr || holder.held == 0 || holder.recalled) continue;
    holder.recalled = true;
    answers_.push_back({.stream = id, .subject = name, .recalled = true});
  }
  // Who neither has nor wants one is forgotten.
  for (auto it = subject.holders.begin(); it != subject.holders.end();) {
    if (it->second.held > 0 || it->second.wanted > 0) {
      ++it;
      continue;
    }
    by_stream_[it->first].erase(name);
    it = subject.holders.erase(it);
  }
  if (subject.holders.empty()) subjects_.erase(found);
}

}  // namespace tollgate::billing
