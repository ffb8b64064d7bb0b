#include "dataplane/request/pipeline.h"

#include <utility>

namespace tollgate::dataplane {

Task<void> Pipeline::Serve(ClientConnection& client, const Surface& surface, std::string_view path,
                           std::string_view wildcard, ServeGoal goal) {
  std::unique_ptr<RequestRun> owned;
  if (spares_.empty()) {
    owned = std::make_unique<RequestRun>(context_);
  } else {
    owned = std::move(spares_.back());
    spares_.pop_back();
  }
  RequestRun& run = *owned;
  run.Begin(client, surface);

  bool ready = run.TakeHead(path, wildcard) && run.Authenticate();
  if (ready && !run.CountIn()) ready = co_await run.CountInWaiting();
  if (ready) {
    if (!client.BodyReady(context_.options.body_bytes_max)) co_await client.ReadBody();
    ready = run.TakeBody() && run.Scan() && run.PlanAttempts() &&
            (goal == ServeGoal::kTokenCount || run.CountTokens());
  }
  if (ready && goal == ServeGoal::kAnswer && !run.Reserve()) ready = co_await run.ReserveWaiting();
  if (ready && goal == ServeGoal::kEstimate) {
    co_await run.Estimate();
  } else if (ready && goal == ServeGoal::kTokenCount) {
    co_await run.CountInput();
  } else if (ready) {
    co_await run.Attempt();  // Each attempt relays and settles.
  } else {
    co_await run.Refuse();
  }

  run.End();
  if (spares_.size() < kSparesMax) spares_.push_back(std::move(owned));
}

}  // namespace tollgate::dataplane
