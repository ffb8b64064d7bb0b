// Reads where the text of a candidate comes from: `groundingMetadata` and `citationMetadata`.
// Source: https://ai.google.dev/api/generate-content (GroundingSupport, Segment, CitationSource).
#ifndef TOLLGATE_DATAPLANE_PROVIDER_GEMINI_CITATIONS_H_
#define TOLLGATE_DATAPLANE_PROVIDER_GEMINI_CITATIONS_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataplane/ir/part.h"
#include "dataplane/ir/text_places.h"
#include "dataplane/json/document.h"

namespace tollgate::dataplane {

// The text of a candidate, part after part, thoughts not counted: the API says places in bytes of
// one part or, where it names none, of all of it.
class GeminiTexts {
 public:
  // A part of text begins; `index` is its own within the candidate, -1 = not known (in a stream
  // each event counts anew).
  void Begin(std::int64_t index) { parts_.push_back({index, all_.bytes(), all_.bytes()}); }
  void Append(std::string_view text) {
    all_.Append(text);
    if (!parts_.empty()) parts_.back().end = all_.bytes();
  }

  bool empty() const { return parts_.empty(); }
  std::size_t size() const { return parts_.size(); }

  struct Place {
    std::size_t part = 0;    // The n-th of Begin().
    std::int64_t begin = 0;  // In its characters.
    std::int64_t end = 0;
  };
  // The places that bytes [begin, end) of the part `index`, or else of all text, stand for: one for
  // each part that they touch.  None for what is outside of the text.
  std::vector<Place> Find(std::int64_t index, std::int64_t begin, std::int64_t end) const;

 private:
  struct Span {
    std::int64_t index;
    std::int64_t begin;  // In the bytes of all text.
    std::int64_t end;
  };

  ir::TextPlaces all_;
  std::vector<Span> parts_;
};

// A citation, and the part of `texts` that it is of: the first when its place is not known.
struct GeminiCitation {
  std::size_t part = 0;
  ir::Citation citation;
};

// The citations of a candidate: each source once for each place that it supports, or once without
// a place.  Views into the candidate.
std::vector<GeminiCitation> ReadGeminiCitations(JsonValue candidate, const GeminiTexts& texts);

// What a candidate says of its text besides, kept whole for those who know the API.
inline constexpr std::string_view kGeminiBesides[] = {"groundingMetadata", "citationMetadata",
                                                      "urlContextMetadata", "safetyRatings"};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_PROVIDER_GEMINI_CITATIONS_H_
