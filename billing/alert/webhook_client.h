// Sends one message to one webhook over HTTP.
#ifndef TOLLGATE_BILLING_ALERT_WEBHOOK_CLIENT_H_
#define TOLLGATE_BILLING_ALERT_WEBHOOK_CLIENT_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace tollgate::billing {

struct WebhookClientOptions {
  // For everything: resolving, connecting, sending, and reading the answer's head.
  absl::Duration timeout = absl::Seconds(10);
  // Lets a URL lead to any address and begin with http://: for tests and closed networks.
  bool allow_private = false;
  // Certificates that are trusted besides the system's; empty for none.
  std::string ca_file = {};
};

// Used by one thread.
class WebhookClient {
 public:
  // InvalidArgument when the certificates cannot be read.
  static absl::StatusOr<std::unique_ptr<WebhookClient>> Create(WebhookClientOptions options);
  ~WebhookClient();

  // POSTs `body` as JSON.  OK for a status of 2xx; a redirection is not followed.
  // InvalidArgument for a URL that is not https://host[:port][/path]; PermissionDenied when all its
  // addresses are refused (base/address_guard.h); Unavailable for everything else.
  absl::Status Post(const std::string& url,
                    const std::vector<std::pair<std::string, std::string>>& headers,
                    const std::string& body);

 private:
  struct Tls;
  WebhookClient(WebhookClientOptions options, std::unique_ptr<Tls> tls);

  const WebhookClientOptions options_;
  const std::unique_ptr<Tls> tls_;
};

}  // namespace tollgate::billing

#endif  // TOLLGATE_BILLING_ALERT_WEBHOOK_CLIENT_H_
