// Writes where an answer's text comes from as a candidate's `groundingMetadata`.
// Source: https://ai.google.dev/api/generate-content (GroundingMetadata, Segment).
#ifndef TOLLGATE_DATAPLANE_SURFACE_GEMINI_GROUNDING_H_
#define TOLLGATE_DATAPLANE_SURFACE_GEMINI_GROUNDING_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/ir/part.h"
#include "dataplane/json/writer.h"

namespace tollgate::dataplane {

// Gathers the citations of one candidate.  Copies what it is given.
class GeminiGrounding {
 public:
  // Bytes [begin, end) of a part, or of all text when `part` is 0; end < 0: not known.
  struct Segment {
    std::int64_t part = 0;
    std::int64_t begin = 0;
    std::int64_t end = -1;
    std::string text{};  // What stands there, where it is known.
  };
  // Citations that Google's models made are not written anew: their candidate's own words are kept.
  void Cite(const ir::Citation& citation, const Segment& segment);

  // A member of the candidate in Gemini's own form; replaces the former of its name.
  void KeepMember(std::string_view name, std::string_view json);

  // The segment that a citation names in the text of its part, which is the part of this index.
  static Segment SegmentOf(const ir::Citation& citation, std::int64_t part, std::string_view text);

  // Writes the members of a candidate that is open.
  void Write(JsonWriter& json) const;

 private:
  struct Chunk {
    std::string url;
    std::string title;
    std::string text;
    bool operator==(const Chunk&) const = default;
  };
  struct Support {
    Segment segment;
    std::vector<std::size_t> chunks;
  };
  struct Member {
    std::string name;
    std::string json;
  };

  std::size_t IndexOf(const ir::Citation& citation);

  std::vector<Chunk> chunks_;
  std::vector<Support> supports_;
  std::vector<Member> members_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_GEMINI_GROUNDING_H_
