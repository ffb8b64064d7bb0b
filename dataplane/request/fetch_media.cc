// Within the stage Attempt of a translated request: images and files that the provider does not
// fetch by itself are fetched here and sent as bytes.
#include <algorithm>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "base/utf8.h"
#include "dataplane/ir/data_url.h"
#include "dataplane/limits.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {
namespace {

// Visits the media of a request, in the results of tools too, until `visit` is false.
template <typename Visit>
bool ForEachMedia(std::vector<ir::Part>& parts, Visit& visit) {
  for (ir::Part& part : parts) {
    if (auto* media = part.As<ir::Media>(); media != nullptr && !visit(*media)) return false;
    if (auto* result = part.As<ir::ToolResult>();
        result != nullptr && !ForEachMedia(result->parts, visit)) {
      return false;
    }
  }
  return true;
}

template <typename Visit>
bool ForEachMedia(ir::Request& request, Visit visit) {
  for (ir::Message& message : request.messages) {
    if (!ForEachMedia(message.parts, visit)) return false;
  }
  return true;
}

std::string_view NameOf(ir::Media::Kind kind) {
  switch (kind) {
    case ir::Media::Kind::kImage:
      return "image";
    case ir::Media::Kind::kFile:
      return "file";
    case ir::Media::Kind::kAudio:
      return "sound";
    case ir::Media::Kind::kVideo:
      return "video";
  }
  return "file";
}

// The last segment of a URL's path.
std::string_view FileNameOf(std::string_view url) {
  const std::string_view path = url.substr(0, url.find_first_of("?#"));
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

bool RequestRun::MustFetch(const ir::Media& media, const Provider& provider) const {
  return !media.url.empty() && !format_->TakesUrl(media, provider);
}

bool RequestRun::MustFetchAny(const Provider& provider) {
  return !ForEachMedia(translation_->request,
                       [&](const ir::Media& media) { return !MustFetch(media, provider); });
}

// False: one cannot be had, and error() says which and why.  What was fetched stays fetched for
// later attempts.
Task<bool> RequestRun::FetchMedia(const Provider& provider) {
  std::vector<ir::Media*> wanted;
  ForEachMedia(translation_->request, [&](ir::Media& media) {
    if (MustFetch(media, provider)) wanted.push_back(&media);
    return true;
  });
  if (context_.fetcher == nullptr) {
    co_return Fail(ErrorCode::kUnsupportedParameter,
                   absl::StrCat("This model's provider does not fetch this ",
                                AbslView(NameOf(wanted[0]->kind)),
                                " by its URL, and neither does this gateway; send its bytes."));
  }
  if (wanted.size() > static_cast<std::size_t>(kFetchesMax)) {
    co_return Fail(ErrorCode::kInvalidParameter,
                   absl::StrCat("The request names more than ", kFetchesMax,
                                " images and files by URL, which this model's provider does not "
                                "fetch by itself; send their bytes."));
  }
  const MonotonicTime deadline = context_.clock.Monotonic() + kFetchTimeMax;
  std::uint64_t bytes_left = kFetchBytesMax;
  for (ir::Media* media : wanted) {
    const bool fetched = co_await FetchOne(*media, deadline, bytes_left);
    upstream_.reset();
    if (!fetched || cause_ != Cause::kNone) co_return false;
  }
  co_return true;
}

Task<bool> RequestRun::FetchOne(ir::Media& media, MonotonicTime deadline,
                                std::uint64_t& bytes_left) {
  const MonotonicTime start = context_.clock.Monotonic();
  absl::StatusOr<FetchedMedia> fetched =
      co_await context_.fetcher->Fetch(media.url, bytes_left, deadline, upstream_);
  upstream_wait_ns_ += context_.clock.Monotonic().nanoseconds() - start.nanoseconds();
  const std::string_view name = NameOf(media.kind);
  const auto fail = [&](std::string_view why) {
    return Fail(ErrorCode::kInvalidParameter,
                absl::StrCat("The ", AbslView(name), " at ",
                             RepairUtf8(media.url, kProviderMessageBytesMax),
                             " could not be fetched: ", AbslView(why), "."));
  };
  if (!fetched.ok()) co_return fail(StdView(fetched.status().message()));
  bytes_left -= std::min<std::uint64_t>(bytes_left, fetched->bytes.size());
  ir::Request& request = translation_->request;
  const std::string_view base64 = request.arena.Keep(absl::Base64Escape(fetched->bytes));
  std::string_view type = fetched->media_type;
  // What servers say of files that they know nothing of.
  if (type.empty() || type == "application/octet-stream" || type == "binary/octet-stream") {
    type = ir::SniffMediaType(base64);
  }
  if (type.empty()) type = media.media_type;
  if (media.kind == ir::Media::Kind::kImage && !type.starts_with("image/")) {
    co_return fail("it is no image");
  }
  // A token of text is at least a byte: what is held covers no more of it.
  if (type.starts_with("text/") && fetched->bytes.size() > static_cast<std::size_t>(kFileTokens)) {
    co_return fail("it is too large for a text");
  }
  if (media.filename.empty()) media.filename = FileNameOf(media.url);
  media.media_type = request.arena.Copy(type);
  media.base64 = base64;
  media.url = {};
  co_return true;
}

}  // namespace tollgate::dataplane
