// Writes an answer in OpenAI's chat format, as one JSON body or as a stream of events.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_REPLY_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_REPLY_H_

#include "absl/time/time.h"
#include "tollgate/demo_provider/chat_answer.h"
#include "tollgate/demo_provider/reply.h"

namespace tollgate {

// One body; its usage is left out when the answer does not report any.
Reply JsonReply(const ChatAnswer& answer);

struct StreamOptions {
  bool include_usage = false;  // Ends with an event of the usage, if the answer reports one.
  absl::Duration token_interval = absl::ZeroDuration();  // Before each token.
};

// One event per token, chunked.
Reply StreamReply(const ChatAnswer& answer, const StreamOptions& options);

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_CHAT_REPLY_H_
