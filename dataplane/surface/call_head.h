// What a surface takes from the head of a call, whose bytes are gone once the body is read.
#ifndef TOLLGATE_DATAPLANE_SURFACE_CALL_HEAD_H_
#define TOLLGATE_DATAPLANE_SURFACE_CALL_HEAD_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tollgate::dataplane {

inline constexpr std::string_view kArrayFraming = "array";

// Used again from request to request: Reset().
struct CallHead {
  // The model of a surface that has it in the path or in a header; empty = it is in the body.
  std::string model;
  // Whether a stream is asked for, likewise.
  std::optional<bool> stream;
  // The version of the surface's protocol that the client speaks: of `anthropic-version`, of
  // `ai-language-model-specification-version`.
  std::string version;
  // How a stream is framed where there is a choice: empty = as events, kArrayFraming = as one JSON
  // array of what would be the events' data.  A surface writes events in either case.
  std::string framing;
  // Header fields (lower-case name, value) that are sent on when the body passes through:
  // `anthropic-beta`.  A surface lists those that it knows to be meant for the provider.
  std::vector<std::pair<std::string, std::string>> passed;

  void Reset() {
    model.clear();
    stream.reset();
    version.clear();
    framing.clear();
    passed.clear();
  }
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_CALL_HEAD_H_
