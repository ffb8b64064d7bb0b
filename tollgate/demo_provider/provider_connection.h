// One connection to the demo provider: reads requests and plays their replies.
//
// Internal to provider_listener.cc; a header of its own since it is a template over the stream.
#ifndef TOLLGATE_TOLLGATE_DEMO_PROVIDER_PROVIDER_CONNECTION_H_
#define TOLLGATE_TOLLGATE_DEMO_PROVIDER_PROVIDER_CONNECTION_H_

#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "tollgate/demo_provider/provider_listener.h"
#include "tollgate/demo_provider/reply.h"

namespace tollgate {

// Largest request: long prompts and a few pictures.
inline constexpr std::uint64_t kProviderBodyBytesMax = 32 * 1024 * 1024;
inline constexpr std::uint32_t kProviderHeadBytesMax = 32 * 1024;

// Lives as long as an operation on it is pending.  All of it runs on the stream's executor, which
// is one thread's.
template <typename Stream>
class ProviderConnection : public std::enable_shared_from_this<ProviderConnection<Stream>> {
 public:
  // `answer` must outlive the executor.
  ProviderConnection(Stream stream, const ReplyFunction& answer)
      : stream_(std::move(stream)), timer_(stream_.get_executor()), answer_(answer) {}

  ~ProviderConnection() {
    if (reply_.has_value()) Settle(false);
  }

  void Run() {
    if constexpr (kTls) {
      stream_.async_handshake(boost::asio::ssl::stream_base::server,
                              [self = this->shared_from_this()](Error error) {
                                if (!error) self->ReadHead();
                              });
    } else {
      ReadHead();
    }
  }

 private:
  using Error = boost::system::error_code;
  static constexpr bool kTls = !std::is_same_v<Stream, boost::asio::ip::tcp::socket>;

  void ReadHead() {
    parser_.emplace();
    parser_->header_limit(kProviderHeadBytesMax);
    parser_->body_limit(kProviderBodyBytesMax);
    boost::beast::http::async_read_header(
        stream_, input_, *parser_, [self = this->shared_from_this()](Error error, std::size_t) {
          if (error) return;
          if (self->parser_->get()[boost::beast::http::field::expect] == "100-continue") {
            self->SendContinue();
          } else {
            self->ReadBody();
          }
        });
  }

  void SendContinue() {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::asio::async_write(stream_, boost::asio::buffer(kContinue),
                             [self = this->shared_from_this()](Error error, std::size_t) {
                               if (!error) self->ReadBody();
                             });
  }

  void ReadBody() {
    boost::beast::http::async_read(stream_, input_, *parser_,
                                   [self = this->shared_from_this()](Error error, std::size_t) {
                                     if (!error) self->StartReply();
                                   });
  }

  static std::string_view View(boost::beast::string_view text) {
    return {text.data(), text.size()};
  }

  void StartReply() {
    const auto& message = parser_->get();
    ProviderRequest request{
        .method = View(message.method_string()),
        .target = View(message.target()),
        .authorization = View(message[boost::beast::http::field::authorization]),
        .body = message.body(),
        .headers = {}};
    for (const auto& field : message) {
      request.headers.emplace_back(View(field.name_string()), View(field.value()));
    }
    reply_ = answer_(request);
    progress_ = ReplyProgress();
    next_ = 0;
    waited_ = false;
    Play();
  }

  // Writes what is due, waits for what is not, and ends the reply after its last step.
  void Play() {
    if (next_ == reply_->steps.size()) return EndReply();
    const ReplyStep& step = reply_->steps[next_];
    if (step.wait > absl::ZeroDuration() && !waited_) {
      waited_ = true;
      return Wait(step.wait);
    }
    waited_ = false;
    Gather();
    if (next_ == reply_->steps.size()) Settle(!reply_->partial);
    boost::asio::async_write(stream_, output_,
                             [self = this->shared_from_this()](Error error, std::size_t) {
                               if (error) return self->Break();
                               self->Play();
                             });
  }

  // Takes the next step and all after it that need no wait, joining neighbours to one buffer.
  void Gather() {
    output_.clear();
    do {
      const ReplyStep& step = reply_->steps[next_++];
      progress_.begun = true;
      progress_.output_tokens += step.output_tokens;
      progress_.usage_sent |= step.kind == StepKind::kUsage || step.kind == StepKind::kBody;
      const char* begin = reply_->bytes.data() + step.begin;
      const std::size_t size = step.end - step.begin;
      if (!output_.empty() &&
          static_cast<const char*>(output_.back().data()) + output_.back().size() == begin) {
        output_.back() = {output_.back().data(), output_.back().size() + size};
      } else {
        output_.emplace_back(begin, size);
      }
    } while (next_ < reply_->steps.size() && reply_->steps[next_].wait <= absl::ZeroDuration());
  }

  void Wait(absl::Duration duration) {
    WatchPeer();
    timer_.expires_after(duration == absl::InfiniteDuration()
                             ? std::chrono::hours(24)
                             : absl::ToChronoNanoseconds(duration));
    timer_.async_wait([self = this->shared_from_this()](Error error) {
      if (!error && self->reply_.has_value()) self->Play();
    });
  }

  // Notices a peer that leaves while nothing is written.
  void WatchPeer() {
    if (watching_) return;
    watching_ = true;
    boost::asio::ip::tcp::socket& socket = Socket();
    socket.async_wait(
        boost::asio::socket_base::wait_read, [self = this->shared_from_this()](Error error) {
          self->watching_ = false;
          if (error || !self->reply_.has_value()) return;
          char byte = 0;
          const auto size =
              ::recv(self->Socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
          if (size <= 0) self->Break();
        });
  }

  void Settle(bool complete) {
    if (!reply_->settle) return;
    progress_.complete = complete;
    if (reply_->works_on) {
      progress_.begun = true;
      progress_.output_tokens = 0;
      for (const ReplyStep& step : reply_->steps) progress_.output_tokens += step.output_tokens;
    }
    reply_->settle(progress_);
    reply_->settle = nullptr;
  }

  void Break() {
    if (reply_.has_value()) Settle(false);
    reply_.reset();
    timer_.cancel();
    Close(ReplyEnd::kClose);
  }

  void EndReply() {
    const ReplyEnd end = reply_->end;
    if (next_ == 0) Settle(false);  // A reply without a step: the connection just ends.
    reply_.reset();
    if (end == ReplyEnd::kKeepAlive && parser_->get().keep_alive()) return ReadHead();
    Close(end);
  }

  void Close(ReplyEnd end) {
    Error ignored;
    if (end == ReplyEnd::kReset) {
      Socket().set_option(boost::asio::socket_base::linger(true, 0), ignored);
    } else {
      Socket().shutdown(boost::asio::socket_base::shutdown_send, ignored);
    }
    Socket().close(ignored);
  }

  boost::asio::ip::tcp::socket& Socket() {
    if constexpr (kTls) {
      return stream_.next_layer();
    } else {
      return stream_;
    }
  }

  Stream stream_;
  boost::asio::steady_timer timer_;
  const ReplyFunction& answer_;
  boost::beast::flat_buffer input_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::string_body>> parser_;

  // The reply that is being played.
  std::optional<Reply> reply_;
  ReplyProgress progress_;
  std::size_t next_ = 0;  // The step that comes next.
  bool waited_ = false;   // Its wait is over.
  std::vector<boost::asio::const_buffer> output_;
  bool watching_ = false;
};

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_DEMO_PROVIDER_PROVIDER_CONNECTION_H_
