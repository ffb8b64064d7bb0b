#include "dataplane/request/pipeline.h"

#include <utility>

namespace tollgate::dataplane {

Task<void> Pipeline::Serve(ClientConnection& client, const Surface& surface, std::string_view path,
                           std::string_view wildcard, ServeGoal goal) {
  std::unique_ptr<RequestRun> owned = TakeRun();
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
  GiveBack(std::move(owned));
}

Task<void> Pipeline::ServeKept(ClientConnection& client, const Surface& surface,
                               std::string_view path, std::string_view wildcard) {
  std::unique_ptr<RequestRun> owned = TakeRun();
  RequestRun& run = *owned;
  run.Begin(client, surface);
  // The head and its path are gone after the first wait.
  bool ready =
      run.TakeHead(path, wildcard) && run.Authenticate() && run.TakeKept(path, wildcard);
  if (ready && !run.CountIn()) ready = co_await run.CountInWaiting();
  if (ready) {
    // A cancellation has an empty one.
    if (!client.BodyReady(context_.options.body_bytes_max)) co_await client.ReadBody();
    ready = run.TakeBody();
  }
  if (ready) {
    co_await run.AskKeptAnswer();
  } else {
    co_await run.Refuse();
  }
  run.End();
  GiveBack(std::move(owned));
}

std::unique_ptr<RequestRun> Pipeline::TakeRun() {
  if (spares_.empty()) return std::make_unique<RequestRun>(context_);
  std::unique_ptr<RequestRun> run = std::move(spares_.back());
  spares_.pop_back();
  return run;
}

void Pipeline::GiveBack(std::unique_ptr<RequestRun> run) {
  if (spares_.size() < kSparesMax) spares_.push_back(std::move(run));
}

}  // namespace tollgate::dataplane
