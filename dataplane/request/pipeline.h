// The life of a request (architecture.md §5), as one readable sequence of named stages.
#ifndef TOLLGATE_DATAPLANE_REQUEST_PIPELINE_H_
#define TOLLGATE_DATAPLANE_REQUEST_PIPELINE_H_

#include <memory>
#include <vector>

#include "dataplane/http/client_connection.h"
#include "dataplane/request/request_run.h"
#include "dataplane/request/worker_context.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// What a request wants to know.
enum class ServeGoal {
  kAnswer,
  kEstimate,    // What it would cost, instead of making it.
  kTokenCount,  // How many tokens its input has, likewise.
};

// One per worker.
class Pipeline {
 public:
  explicit Pipeline(WorkerContext& context) : context_(context) {}

  // Serves one request of a surface whose head was read.  `path` is normalized, `wildcard` what the
  // star of the surface's route stood for; both are read before the first wait.
  Task<void> Serve(ClientConnection& client, const Surface& surface, std::string_view path,
                   std::string_view wildcard, ServeGoal goal = ServeGoal::kAnswer);
  // Shows, deletes or cancels an answer that a provider keeps; likewise.
  Task<void> ServeKept(ClientConnection& client, const Surface& surface, std::string_view path,
                       std::string_view wildcard);

 private:
  std::unique_ptr<RequestRun> TakeRun();
  void GiveBack(std::unique_ptr<RequestRun> run);

  // Runs that are over keep their memory for the next.
  static constexpr std::size_t kSparesMax = 256;

  WorkerContext& context_;
  std::vector<std::unique_ptr<RequestRun>> spares_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_PIPELINE_H_
