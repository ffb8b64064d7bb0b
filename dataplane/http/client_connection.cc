#include "dataplane/http/client_connection.h"

#include <algorithm>
#include <array>
#include <boost/asio/ssl/context.hpp>
#include <charconv>

#include "base/check.h"

namespace tollgate::dataplane {
namespace {

// What is read at most of a client that goes on sending after its answer, so that the answer is not
// lost in a reset; and for how long.
constexpr std::size_t kLingerBytesMax = 256 * 1024;
constexpr std::int64_t kLingerMs = 1000;
// A first step for large bodies, before they have shown that they come.
constexpr std::size_t kBodyReserveBytes = 1024 * 1024;

std::string_view ReasonPhrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 402:
      return "Payment Required";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Status";
  }
}

int HeadErrorStatus(HeadError error) {
  switch (error) {
    case HeadError::kVersion:
      return 505;
    case HeadError::kExpectation:
      return 417;
    case HeadError::kBodyCoding:
      return 415;
    default:
      return 400;
  }
}

}  // namespace

ClientConnection::ClientConnection(ConnectionHost& host, TcpSocket socket,
                                   std::shared_ptr<asio::ssl::context> tls)
    : host_(host),
      transport_(std::move(socket)),
      tls_(std::move(tls)),
      timer_([this] { OnTimer(); }) {
  next_ = host_.first;
  link_ = &host_.first;
  if (next_ != nullptr) next_->link_ = &next_;
  host_.first = this;
  ++host_.count;
  out_.reserve(1024);
  pieces_.reserve(16);
}

ClientConnection::~ClientConnection() {
  *link_ = next_;
  if (next_ != nullptr) next_->link_ = link_;
  --host_.count;
}

void ClientConnection::OnTimer() {
  timed_out_ = true;
  error_code ignored;
  if (writing_) {
    transport_.Close();  // Half an answer is out: nothing can be said any more.
  } else {
    transport_.socket().cancel(ignored);
  }
}

Task<void> ClientConnection::Serve() {
  transport_.Configure();
  if (tls_ != nullptr) {
    transport_.StartTls(*tls_);
    host_.wheel->Arm(timer_, host_.timeouts.tls_handshake);
    auto [error] =
        co_await transport_.tls().async_handshake(asio::ssl::stream_base::server, kUseTask);
    TimerWheel::Clear(timer_);
    if (error) co_return;
  }
  co_await ServeRequests();
  transport_.Close();
}

Task<void> ClientConnection::ServeRequests() {
  bool first = true;
  for (;;) {
    HeadResult result = TryHead();
    bool head_begun = false;
    while (result == HeadResult::kNeedMore) {
      if (in_.empty()) {
        if (host_.draining) co_return;
        host_.wheel->Arm(timer_, first ? host_.timeouts.head : host_.timeouts.keep_alive);
      } else if (!head_begun) {  // Counted from the first byte: drops do not win time.
        head_begun = true;
        host_.wheel->Arm(timer_, host_.timeouts.head);
      }
      in_.Reserve(kReadBufferBytes / 4);
      auto [error, bytes] = co_await transport_.ReadSome({in_.free_space(), in_.free_bytes()});
      if (error) {
        if (!timed_out_ || in_.empty()) co_return;
        result = RefuseHead(408, "The request head did not arrive in time.");
        break;
      }
      in_.Commit(bytes);
      result = TryHead();
    }
    first = false;
    if (result == HeadResult::kRefused) {
      if (!FlushNow()) co_await FlushRest();
      co_await Linger();
      co_return;
    }
    in_request_ = true;
    co_await host_.handler->Handle(*this);
    in_request_ = false;
    interruptible_ = nullptr;
    if (gone_ || !answer_started_) co_return;
    if (!PrepareForNext()) {
      co_await Linger();
      co_return;
    }
  }
}

ClientConnection::HeadResult ClientConnection::TryHead() {
  switch (head_end_.Find(in_.view())) {
    case HeadProgress::kIncomplete:
      return HeadResult::kNeedMore;
    case HeadProgress::kTooLarge:
      return RefuseHead(431, "The request head is larger than 64 KiB.");
    case HeadProgress::kTooManyFields:
      return RefuseHead(431, "The request has more than 100 header fields.");
    case HeadProgress::kMalformed:
      return RefuseHead(400, "A line of the request head does not end in CRLF.");
    case HeadProgress::kComplete:
      break;
  }
  TimerWheel::Clear(timer_);
  request_start_ = host_.clock->Monotonic();
  head_bytes_ = head_end_.head_bytes();
  const HeadError error = ParseRequestHead(in_.view().substr(0, head_bytes_), head_);
  if (error != HeadError::kNone) return RefuseHead(HeadErrorStatus(error), HeadErrorMessage(error));
  body_begun_ = false;
  body_over_ = !head_.has_body();
  return HeadResult::kOk;
}

ClientConnection::HeadResult ClientConnection::RefuseHead(int status, std::string_view message) {
  TimerWheel::Clear(timer_);
  head_.method = Method::kGet;
  head_.http_1_0 = false;
  head_.keep_alive = false;
  body_begun_ = body_over_ = false;
  std::string body;
  host_.handler->RenderHeadError(status, message, body);
  SendOwned(status, "application/json", {}, std::move(body));
  return HeadResult::kRefused;
}

bool ClientConnection::BodyReady(std::uint64_t bytes_max) {
  body_begun_ = true;
  in_.Consume(head_bytes_);
  const BodyFraming framing = head_.chunked              ? BodyFraming::kChunked
                              : head_.content_length > 0 ? BodyFraming::kLength
                                                         : BodyFraming::kNone;
  body_reader_ = BodyReader(framing, head_.content_length, bytes_max);
  const BodyState state = body_reader_.Decode(in_);
  TakeBodyState(state);
  return state != BodyState::kMore;
}

void ClientConnection::TakeBodyState(BodyState state) {
  switch (state) {
    case BodyState::kMore:
      return;
    case BodyState::kDone:
      body_over_ = true;
      body_status_ = BodyStatus::kComplete;
      return;
    case BodyState::kBad:
      body_status_ = BodyStatus::kMalformed;
      return;
    case BodyState::kTooLarge:
      body_status_ = BodyStatus::kTooLarge;
      return;
  }
}

Task<void> ClientConnection::ReadBody() {
  if (head_.expects_continue && body_reader_.wire_bytes() == 0) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    Piece(kContinue);
    if (!FlushNow()) co_await FlushRest();
    pieces_.clear();
  }
  const MonotonicTime deadline = host_.clock->Monotonic() + host_.timeouts.body_total;
  for (;;) {
    const std::size_t wanted =
        std::min(body_reader_.WantedBytes(), std::max(kBodyReserveBytes, body_reader_.decoded()));
    in_.Reserve(std::max<std::size_t>(wanted, 1));
    host_.wheel->Arm(timer_,
                     std::min(host_.timeouts.body_idle,
                              std::max(deadline - host_.clock->Monotonic(), absl::ZeroDuration())));
    auto [error, bytes] = co_await transport_.ReadSome({in_.free_space(), in_.free_bytes()});
    TimerWheel::Clear(timer_);
    if (error) {
      body_status_ = timed_out_ ? BodyStatus::kTooSlow : BodyStatus::kGone;
      gone_ = !timed_out_;
      co_return;
    }
    in_.Commit(bytes);
    const BodyState state = body_reader_.Decode(in_);
    if (state != BodyState::kMore) {
      TakeBodyState(state);
      co_return;
    }
  }
}

void ClientConnection::Piece(std::string_view bytes) {
  if (!bytes.empty()) pieces_.emplace_back(bytes.data(), bytes.size());
}

// Appends to out_ and to the pieces; pieces in out_ follow it when it moves.
void ClientConnection::Render(std::initializer_list<std::string_view> texts) {
  std::size_t size = 0;
  for (const std::string_view text : texts) size += text.size();
  if (out_.capacity() - out_.size() < size) {
    const char* const old_begin = out_.data();
    const char* const old_end = old_begin + out_.size();
    std::string larger;
    larger.reserve(2 * out_.capacity() + size);
    larger.append(out_);
    for (asio::const_buffer& piece : pieces_) {
      const char* at = static_cast<const char*>(piece.data());
      if (at >= old_begin && at < old_end) {
        piece = asio::const_buffer(larger.data() + (at - old_begin), piece.size());
      }
    }
    out_.swap(larger);
  }
  const char* const at = out_.data() + out_.size();
  for (const std::string_view text : texts) out_.append(text);
  if (!pieces_.empty()) {  // What follows directly is one piece.
    asio::const_buffer& last = pieces_.back();
    if (static_cast<const char*>(last.data()) + last.size() == at) {
      last = asio::const_buffer(last.data(), last.size() + size);
      return;
    }
  }
  pieces_.emplace_back(at, size);
}

void ClientConnection::BeginHead(int status, std::string_view content_type) {
  answer_started_ = true;
  status_ = status;
  close_after_ = !head_.keep_alive || host_.draining || !(body_over_ || BodyDroppable());
  out_.clear();
  pieces_.clear();
  std::array<char, 3> digits;
  std::to_chars(digits.data(), digits.data() + 3, status);
  Render({"HTTP/1.1 ",
          {digits.data(), 3},
          " ",
          ReasonPhrase(status),
          "\r\n",
          host_.date->line(),
          "content-type: ",
          content_type,
          close_after_ ? "\r\nconnection: close\r\n" : "\r\n"});
}

void ClientConnection::Send(int status, std::string_view content_type,
                            std::string_view header_lines,
                            std::initializer_list<std::string_view> body) {
  BeginHead(status, content_type);
  std::size_t length = 0;
  for (const std::string_view piece : body) length += piece.size();
  std::array<char, 24> digits;
  const auto [end, error] = std::to_chars(digits.data(), digits.data() + digits.size(), length);
  Render({"content-length: ",
          {digits.data(), static_cast<std::size_t>(end - digits.data())},
          "\r\n",
          header_lines,
          "\r\n"});
  if (head_.method == Method::kHead) return;
  for (const std::string_view piece : body) Piece(piece);
}

void ClientConnection::SendOwned(int status, std::string_view content_type,
                                 std::string_view header_lines, std::string body) {
  owned_body_ = std::move(body);
  Send(status, content_type, header_lines, {owned_body_});
}

void ClientConnection::StartStream(int status, std::string_view content_type,
                                   std::string_view header_lines) {
  chunked_answer_ = !head_.http_1_0;
  BeginHead(status, content_type);
  Render({chunked_answer_ ? "transfer-encoding: chunked\r\n" : "", header_lines, "\r\n"});
}

void ClientConnection::AddToStream(std::span<const std::string_view> pieces) {
  std::size_t length = 0;
  for (const std::string_view piece : pieces) length += piece.size();
  if (length == 0) return;
  if (chunked_answer_) {
    std::array<char, 18> line;
    char* end = std::to_chars(line.data(), line.data() + 16, length, 16).ptr;
    *end++ = '\r';
    *end++ = '\n';
    Render({{line.data(), static_cast<std::size_t>(end - line.data())}});
  }
  for (const std::string_view piece : pieces) Piece(piece);
  if (chunked_answer_) Render({"\r\n"});
}

void ClientConnection::EndStream() {
  if (chunked_answer_) Render({"0\r\n\r\n"});
}

bool ClientConnection::FlushNow() {
  if (gone_ || pieces_.empty()) {
    pieces_.clear();
    out_.clear();
    return true;
  }
  for (const asio::const_buffer& piece : pieces_) bytes_written_ += piece.size();
  unsent_ = BytesList(pieces_);
  error_code error;
  if (!transport_.TryWrite(unsent_, error)) return false;
  if (error) gone_ = true;
  pieces_.clear();
  out_.clear();
  return true;
}

Task<void> ClientConnection::FlushRest() {
  writing_ = true;
  Transport::Drop(unsent_, 0);
  while (!unsent_.empty()) {
    host_.wheel->Arm(timer_, host_.timeouts.write_idle);
    auto [error, written] = co_await transport_.WriteSome(unsent_);
    if (error) {
      gone_ = true;
      break;
    }
    Transport::Drop(unsent_, written);
  }
  TimerWheel::Clear(timer_);
  writing_ = false;
  pieces_.clear();
  out_.clear();
}

bool ClientConnection::CheckGone() {
  if (!gone_ && transport_.PeerClosed()) gone_ = true;
  return gone_;
}

bool ClientConnection::BodyDroppable() const {
  if (head_.chunked || head_.expects_continue) return false;
  const std::size_t there = body_begun_ ? in_.size() : in_.size() - head_bytes_;
  return there >= head_.content_length;
}

bool ClientConnection::PrepareForNext() {
  if (close_after_) return false;
  if (!body_begun_) {
    in_.Consume(head_bytes_ + (body_over_ ? 0 : static_cast<std::size_t>(head_.content_length)));
  } else {
    in_.Consume(body_over_ ? body_reader_.decoded()
                           : static_cast<std::size_t>(head_.content_length));
  }
  in_.Shrink();
  head_end_.Reset();
  answer_started_ = false;
  timed_out_ = false;
  return true;
}

Task<void> ClientConnection::Linger() {
  if (gone_) co_return;
  if (transport_.encrypted()) {
    host_.wheel->ArmMs(timer_, kLingerMs);
    co_await transport_.tls().async_shutdown(kUseTask);
    co_return;
  }
  transport_.ShutdownSend();
  if (body_over_) co_return;
  std::size_t left = kLingerBytesMax;
  host_.wheel->ArmMs(timer_, kLingerMs);
  timed_out_ = false;
  std::array<char, 4096> dropped;
  while (left > 0 && !timed_out_) {
    auto [error, bytes] = co_await transport_.ReadSome(asio::buffer(dropped));
    if (error) break;
    left -= std::min(left, bytes);
  }
}

void ClientConnection::CloseIfIdle() {
  if (!in_request_) transport_.Close();
}

void ClientConnection::Stop() {
  if (interruptible_ != nullptr) {
    interruptible_->OnStop();
  } else {
    Close();
  }
}

}  // namespace tollgate::dataplane
