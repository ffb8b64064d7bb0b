// The TLS identity of the client listener, loaded from files and loaded again when they change.
#ifndef TOLLGATE_DATAPLANE_HTTP_TLS_SERVER_H_
#define TOLLGATE_DATAPLANE_HTTP_TLS_SERVER_H_

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace boost::asio::ssl {
class context;
}  // namespace boost::asio::ssl

namespace tollgate::dataplane {

// Thread-safe.  TLS 1.2 and later, HTTP/1.1 by ALPN, session tickets whose keys outlive a reload.
class TlsServer {
 public:
  using Context = boost::asio::ssl::context;

  // InvalidArgument, naming the file, when a file cannot be read or the key does not fit.
  static absl::StatusOr<std::unique_ptr<TlsServer>> Load(const std::string& certificate_path,
                                                         const std::string& private_key_path);

  // The identity in force; connections keep theirs.
  std::shared_ptr<Context> current() const;

  // Loads the files again if they changed since the last look.  On an error the former identity
  // stays in force, and the same files are not tried again.  OK when nothing changed.
  absl::Status ReloadIfChanged();

  // Rises with each identity.
  std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }

 private:
  TlsServer(std::string certificate_path, std::string private_key_path);

  absl::StatusOr<std::shared_ptr<Context>> Build() const;
  std::string Stamp() const;

  const std::string certificate_path_;
  const std::string private_key_path_;
  std::array<unsigned char, 80> ticket_keys_;
  std::atomic<std::uint64_t> generation_{0};

  mutable std::mutex mutex_;  // Guards the next two.
  std::shared_ptr<Context> context_;
  std::string stamp_;  // Sizes and times of the files when they were last looked at.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_TLS_SERVER_H_
