#include "dataplane/http/tls_server.h"

#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include <boost/asio/ssl/context.hpp>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"

namespace tollgate::dataplane {
namespace {

// Of the protocols that a client offers, HTTP/1.1; a client that offers only others is refused.
int ChooseProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* offered, unsigned offered_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof(kHttp11) - 1, offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

TlsServer::TlsServer(std::string certificate_path, std::string private_key_path)
    : certificate_path_(std::move(certificate_path)),
      private_key_path_(std::move(private_key_path)) {
  CHECK_EQ(RAND_bytes(ticket_keys_.data(), static_cast<int>(ticket_keys_.size())), 1);
}

absl::StatusOr<std::unique_ptr<TlsServer>> TlsServer::Load(const std::string& certificate_path,
                                                           const std::string& private_key_path) {
  std::unique_ptr<TlsServer> server(new TlsServer(certificate_path, private_key_path));
  TG_ASSIGN_OR_RETURN(server->context_, server->Build());
  server->stamp_ = server->Stamp();
  server->generation_.store(1, std::memory_order_release);
  return server;
}

absl::StatusOr<std::shared_ptr<TlsServer::Context>> TlsServer::Build() const {
  auto context = std::make_shared<Context>(Context::tls_server);
  SSL_CTX* native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  static constexpr unsigned char kSessionContext[] = "tollgate";
  SSL_CTX_set_session_id_context(native, kSessionContext, sizeof(kSessionContext) - 1);
  SSL_CTX_set_tlsext_ticket_keys(native, const_cast<unsigned char*>(ticket_keys_.data()),
                                 static_cast<long>(ticket_keys_.size()));
  SSL_CTX_set_alpn_select_cb(native, ChooseProtocol, nullptr);
  boost::system::error_code error;
  context->use_certificate_chain_file(certificate_path_, error);
  if (error) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot use the certificate in '", certificate_path_, "': ", error.message()));
  }
  context->use_private_key_file(private_key_path_, Context::pem, error);
  if (error) {
    return absl::InvalidArgumentError(absl::StrCat("cannot use the private key in '",
                                                   private_key_path_, "' with the certificate in '",
                                                   certificate_path_, "': ", error.message()));
  }
  return context;
}

std::string TlsServer::Stamp() const {
  std::string stamp;
  for (const std::string& path : {certificate_path_, private_key_path_}) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) continue;
    absl::StrAppend(&stamp, facts.st_ino, "/", facts.st_size, "/", facts.st_mtim.tv_sec, ".",
                    facts.st_mtim.tv_nsec, " ");
  }
  return stamp;
}

std::shared_ptr<TlsServer::Context> TlsServer::current() const {
  std::lock_guard lock(mutex_);
  return context_;
}

absl::Status TlsServer::ReloadIfChanged() {
  const std::string stamp = Stamp();
  {
    std::lock_guard lock(mutex_);
    if (stamp == stamp_) return absl::OkStatus();
    stamp_ = stamp;
  }
  TG_ASSIGN_OR_RETURN(std::shared_ptr<Context> context, Build());
  std::lock_guard lock(mutex_);
  context_ = std::move(context);
  generation_.fetch_add(1, std::memory_order_acq_rel);
  return absl::OkStatus();
}

}  // namespace tollgate::dataplane
