#include "dataplane/provider/gemini/citations.h"

#include <algorithm>
#include <string_view>

namespace tollgate::dataplane {
namespace {

class CitationReader {
 public:
  explicit CitationReader(const GeminiTexts& texts) : texts_(texts) {}

  std::vector<GeminiCitation> Read(JsonValue candidate) {
    ReadChunks(candidate["groundingMetadata"]["groundingChunks"]);
    for (const JsonValue support : candidate["groundingMetadata"]["groundingSupports"].elements()) {
      ReadSupport(support);
    }
    for (std::size_t i = 0; i < chunks_.size(); ++i) {
      if (!supports_[i]) out_.push_back({0, chunks_[i]});
    }
    // The Gemini API has the former list, Vertex the latter.
    for (const std::string_view list : {"citationSources", "citations"}) {
      for (const JsonValue source : candidate["citationMetadata"][list].elements()) {
        ir::Citation citation = Own();
        citation.url = source["uri"].string();
        citation.title = source["title"].string();
        Add(citation, source);
      }
    }
    return std::move(out_);
  }

 private:
  static ir::Citation Own() {
    ir::Citation citation;
    citation.owner = ir::kGemini;
    return citation;
  }

  void ReadChunks(JsonValue chunks) {
    for (const JsonValue chunk : chunks.elements()) {
      ir::Citation citation = Own();
      citation.kind = ir::Citation::Kind::kOther;  // Of a later version; its index must stay.
      for (const std::string_view kind : {"web", "retrievedContext", "maps"}) {
        const JsonValue from = chunk[kind];
        if (!from.is_object()) continue;
        citation.url = from["uri"].string();
        citation.title = from["title"].string();
        citation.cited_text = from["text"].string();
        citation.kind =
            citation.url.empty() ? ir::Citation::Kind::kDocument : ir::Citation::Kind::kUrl;
        break;
      }
      chunks_.push_back(citation);
      supports_.push_back(false);
    }
  }

  void ReadSupport(JsonValue support) {
    for (const JsonValue value : support["groundingChunkIndices"].elements()) {
      const std::int64_t index = value.integer().value_or(-1);
      if (index < 0 || index >= static_cast<std::int64_t>(chunks_.size())) continue;
      supports_[static_cast<std::size_t>(index)] = true;
      Add(chunks_[static_cast<std::size_t>(index)], support["segment"]);
    }
  }

  // At the place that `segment` says; its beginning is left out when it is 0, as is the part's
  // index.
  void Add(ir::Citation citation, JsonValue segment) {
    const auto places = texts_.Find(segment["partIndex"].integer().value_or(0),
                                    segment["startIndex"].integer().value_or(0),
                                    segment["endIndex"].integer().value_or(-1));
    if (places.empty()) out_.push_back({0, citation});
    for (const GeminiTexts::Place& place : places) {
      citation.begin = place.begin;
      citation.end = place.end;
      out_.push_back({place.part, citation});
    }
  }

  const GeminiTexts& texts_;
  std::vector<ir::Citation> chunks_;
  std::vector<bool> supports_;  // Whether a support names the chunk of this index.
  std::vector<GeminiCitation> out_;
};

}  // namespace

std::vector<GeminiTexts::Place> GeminiTexts::Find(std::int64_t index, std::int64_t begin,
                                                  std::int64_t end) const {
  std::vector<Place> places;
  if (begin < 0 || end <= begin) return places;
  for (const Span& span : parts_) {
    // An API that counts through all parts though it names one is taken at its bytes.
    if (index > 0 && span.index == index && end <= span.end - span.begin) {
      begin += span.begin;
      end += span.begin;
      break;
    }
  }
  if (end > all_.bytes()) return places;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const std::int64_t from = std::max(begin, parts_[i].begin);
    const std::int64_t to = std::min(end, parts_[i].end);
    if (from >= to) continue;
    const std::int64_t base = all_.CharactersBefore(parts_[i].begin);
    places.push_back({i, all_.CharacterAt(from) - base, all_.CharactersBefore(to) - base});
  }
  return places;
}

std::vector<GeminiCitation> ReadGeminiCitations(JsonValue candidate, const GeminiTexts& texts) {
  return CitationReader(texts).Read(candidate);
}

}  // namespace tollgate::dataplane
