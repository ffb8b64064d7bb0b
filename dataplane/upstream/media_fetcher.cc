#include "dataplane/upstream/media_fetcher.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/coarse_clock.h"
#include "dataplane/http/response_head.h"
#include "dataplane/limits.h"

namespace tollgate::dataplane {
namespace {

// Where it is, and what is asked for there: path and query.
struct Target {
  Origin origin;
  std::string path;
};

// Strict, since the text goes into a request line.
std::optional<Target> ReadUrl(std::string_view url) {
  if (url.size() > kFetchUrlBytesMax) return std::nullopt;
  for (const char c : url) {
    if (static_cast<unsigned char>(c) <= ' ' || static_cast<unsigned char>(c) >= 0x7f ||
        c == '\\') {
      return std::nullopt;
    }
  }
  url = url.substr(0, url.find('#'));
  const std::size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::nullopt;
  const std::size_t end = std::min(url.find_first_of("/?", scheme + 3), url.size());
  absl::StatusOr<Origin> origin = ParseOrigin(url.substr(0, end));
  if (!origin.ok()) return std::nullopt;
  Target target;
  target.origin = *std::move(origin);
  if (end == url.size() || url[end] == '?') target.path = "/";
  target.path += url.substr(end);
  return target;
}

absl::Status Unfetched(std::string_view why) { return absl::InvalidArgumentError(AbslView(why)); }

// Nothing that would tell a stranger what this host can reach, or what a name means here.
constexpr std::string_view kUnreachable = "its host cannot be reached";

std::string MediaTypeOf(std::string_view content_type) {
  return absl::AsciiStrToLower(
      AbslView(TrimBlanks(content_type.substr(0, content_type.find(';')))));
}

}  // namespace

Task<absl::StatusOr<FetchedMedia>> MediaFetcher::Fetch(
    std::string_view url, std::uint64_t bytes_max, MonotonicTime deadline,
    std::unique_ptr<UpstreamConnection>& connection) {
  const std::optional<Target> target = ReadUrl(url);
  if (!target.has_value()) co_return Unfetched("it is no http or https URL");
  const absl::Duration time = deadline - clock_.Monotonic();
  if (time <= absl::ZeroDuration()) co_return Unfetched("it takes too long");
  DialResult dialed = co_await dialer_.Dial(target->origin, time, MonotonicMs(clock_));
  if (dialed.connection == nullptr) co_return Unfetched(kUnreachable);
  connection = std::move(dialed.connection);
  std::string request = absl::StrCat("GET ", target->path, " HTTP/1.1\r\nhost: ");
  target->origin.AppendHostHeader(request);
  request +=
      "\r\naccept: */*\r\naccept-encoding: identity\r\nuser-agent: tollgate/0.1\r\n"
      "connection: close\r\n\r\n";
  std::array<asio::const_buffer, 1> pieces = {asio::const_buffer(request.data(), request.size())};
  BytesList left(pieces);
  error_code error;
  if (connection->transport().TryWrite(left, error)) {
    if (error) co_return Unfetched(kUnreachable);
    left = {};
  }
  Transport::Drop(left, 0);
  while (!left.empty()) {
    wheel_.Arm(connection->timer(), std::max(deadline - clock_.Monotonic(), absl::ZeroDuration()));
    auto [write_error, written] = co_await connection->transport().WriteSome(left);
    if (write_error) co_return Unfetched(kUnreachable);
    Transport::Drop(left, written);
  }
  co_return co_await Read(bytes_max, deadline, *connection);
}

Task<absl::StatusOr<FetchedMedia>> MediaFetcher::Read(std::uint64_t bytes_max,
                                                      MonotonicTime deadline,
                                                      UpstreamConnection& connection) {
  InputBuffer& buffer = connection.buffer();
  HeadEnd end;
  ResponseHead head;
  std::optional<BodyReader> body;
  FetchedMedia media;
  for (;;) {
    if (!body.has_value()) {
      const HeadProgress progress = end.Find(buffer.view());
      if (progress == HeadProgress::kComplete) {
        if (!ParseResponseHead(buffer.view().substr(0, end.head_bytes()), head)) break;
        const bool plain =
            head.content_encoding.empty() || EqualsIgnoringCase(head.content_encoding, "identity");
        if (head.status >= 300 && head.status < 400) {
          co_return Unfetched("it leads elsewhere; give the URL that it leads to");
        }
        if (head.status != 200) {
          co_return Unfetched(absl::StrCat("its server answered with status ", head.status));
        }
        if (!plain) break;
        media.media_type = MediaTypeOf(head.content_type);
        buffer.Consume(end.head_bytes());
        body.emplace(head.framing, head.content_length, bytes_max);
      } else if (progress != HeadProgress::kIncomplete) {
        break;
      }
    }
    if (body.has_value()) {
      const BodyState state = body->Decode(buffer);
      if (state == BodyState::kTooLarge) co_return Unfetched("it is too large");
      if (state == BodyState::kBad) break;
      if (state == BodyState::kDone) {
        media.bytes.assign(buffer.view().substr(0, body->decoded()));
        co_return media;
      }
    }
    buffer.Reserve(kRelayReadBytes);
    wheel_.Arm(connection.timer(), std::max(deadline - clock_.Monotonic(), absl::ZeroDuration()));
    auto [error, bytes] =
        co_await connection.transport().ReadSome({buffer.free_space(), buffer.free_bytes()});
    TimerWheel::Clear(connection.timer());
    if (error) {
      if (connection.timed_out()) co_return Unfetched("it takes too long");
      if (error == asio::error::eof && body.has_value() && body->OnEnd() == BodyState::kDone) {
        media.bytes.assign(buffer.view().substr(0, body->decoded()));
        co_return media;
      }
      break;
    }
    buffer.Commit(bytes);
  }
  co_return Unfetched("its server gave no answer that can be read");
}

}  // namespace tollgate::dataplane
