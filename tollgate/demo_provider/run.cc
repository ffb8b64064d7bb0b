#include "tollgate/demo_provider/run.h"

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>

#include "absl/time/time.h"
#include "base/file_system.h"
#include "base/ready_file.h"
#include "base/shutdown.h"
#include "base/status_macros.h"
#include "tollgate/demo_provider/provider_listener.h"

namespace tollgate {
namespace {

// Single entries of the books that are kept for /books?requests=N.
constexpr std::size_t kBooksEntriesMax = 10'000;

absl::Status EndWithParent(int parent_pid) {
  if (parent_pid == 0) return absl::OkStatus();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  // It may have died before that.
  if (::getppid() != parent_pid) return absl::CancelledError("the process that started it is gone");
  return absl::OkStatus();
}

}  // namespace

absl::Status RunDemoProvider(const DemoProviderFlags& flags, std::ostream& out) {
  ShutdownSignal shutdown;
  TG_RETURN_IF_ERROR(EndWithParent(flags.parent_pid));
  OpenAiProvider provider({.api_keys = {flags.api_key},
                           .token_interval = absl::Milliseconds(flags.token_interval_ms),
                           .books_entries_max = kBooksEntriesMax,
                           .editor = nullptr});
  TG_ASSIGN_OR_RETURN(
      const auto listener,
      ProviderListener::Start(
          {.address = flags.listen, .threads = flags.threads, .tls = {}},
          [&provider](const ProviderRequest& request) { return provider.Answer(request); }));
  out << listener->url() << std::endl;
  if (!flags.ready_file.empty()) {
    TG_RETURN_IF_ERROR(WriteReadyFile(RealFileSystem(), flags.ready_file,
                                      {{"demo_provider_url", listener->url()}}));
  }
  shutdown.Wait();
  listener->Stop();
  return absl::OkStatus();
}

}  // namespace tollgate
