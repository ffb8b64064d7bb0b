// Stopping a program: SIGTERM and SIGINT as an event to wait for.
#ifndef TOLLGATE_BASE_SHUTDOWN_H_
#define TOLLGATE_BASE_SHUTDOWN_H_

#include <memory>

namespace tollgate {

// Construct it first thing in main, before any other thread starts: it blocks the two signals in
// the calling thread, which later threads inherit, and takes them on a thread of its own.  It also
// ignores SIGPIPE.  A second SIGINT ends the process at once (exit status 130), for the person who
// does not want to wait for the drain.  One at a time per process.
// Thread-safe.
class ShutdownSignal {
 public:
  ShutdownSignal();
  // Drops signals still pending and restores the signal mask of the constructing thread, which must
  // be the caller.
  ~ShutdownSignal();
  ShutdownSignal(const ShutdownSignal&) = delete;
  ShutdownSignal& operator=(const ShutdownSignal&) = delete;

  // Blocks until a signal came or Request() was called.
  void Wait();

  bool requested() const;

  // Asks for shutdown from within, as a signal would.
  void Request();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// Makes sure that no core file holds the process's secrets: RLIMIT_CORE 0 and PR_SET_DUMPABLE 0
// (which also covers a core_pattern that pipes).
void DisableCoreDumps();

}  // namespace tollgate

#endif  // TOLLGATE_BASE_SHUTDOWN_H_
