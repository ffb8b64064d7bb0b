#include "dataplane/surface/gemini/grounding.h"

#include <algorithm>

#include "dataplane/ir/text_places.h"

namespace tollgate::dataplane {

GeminiGrounding::Segment GeminiGrounding::SegmentOf(const ir::Citation& citation, std::int64_t part,
                                                    std::string_view text) {
  ir::TextPlaces places;
  places.Append(text);
  const std::int64_t begin = places.ByteOf(citation.begin);
  const std::int64_t end = places.ByteOf(citation.end);
  if (begin < 0 || end <= begin) return {};
  return {part, begin, end,
          std::string(
              text.substr(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)))};
}

std::size_t GeminiGrounding::IndexOf(const ir::Citation& citation) {
  Chunk chunk{std::string(citation.url), std::string(citation.title),
              std::string(citation.cited_text)};
  const auto found = std::find(chunks_.begin(), chunks_.end(), chunk);
  const auto index = static_cast<std::size_t>(found - chunks_.begin());
  if (found == chunks_.end()) chunks_.push_back(std::move(chunk));
  return index;
}

void GeminiGrounding::Cite(const ir::Citation& citation, const Segment& segment) {
  if (citation.owner == ir::kGemini) return;
  const std::size_t chunk = IndexOf(citation);
  if (segment.end < 0) return;
  for (Support& support : supports_) {
    if (support.segment.part != segment.part || support.segment.begin != segment.begin ||
        support.segment.end != segment.end) {
      continue;
    }
    if (std::find(support.chunks.begin(), support.chunks.end(), chunk) == support.chunks.end()) {
      support.chunks.push_back(chunk);
    }
    return;
  }
  supports_.push_back({segment, {chunk}});
}

void GeminiGrounding::KeepMember(std::string_view name, std::string_view json) {
  for (Member& member : members_) {
    if (member.name == name) {
      member.json = json;
      return;
    }
  }
  members_.push_back({std::string(name), std::string(json)});
}

void GeminiGrounding::Write(JsonWriter& json) const {
  for (const Member& member : members_) json.ForeignMember(member.name).Raw(member.json);
  if (chunks_.empty()) return;
  json.Member("groundingMetadata").BeginObject();
  json.Member("groundingChunks").BeginArray();
  for (const Chunk& chunk : chunks_) {
    json.BeginObject();
    json.Member(chunk.url.empty() ? "retrievedContext" : "web").BeginObject();
    if (!chunk.url.empty()) json.Member("uri").String(chunk.url);
    json.Member("title").String(chunk.title);
    if (!chunk.text.empty()) json.Member("text").String(chunk.text);
    json.EndObject();
    json.EndObject();
  }
  json.EndArray();
  json.Member("groundingSupports").BeginArray();
  for (const Support& support : supports_) {
    json.BeginObject();
    json.Member("segment").BeginObject();
    if (support.segment.part > 0) json.Member("partIndex").Integer(support.segment.part);
    json.Member("startIndex").Integer(support.segment.begin);
    json.Member("endIndex").Integer(support.segment.end);
    if (!support.segment.text.empty()) json.Member("text").String(support.segment.text);
    json.EndObject();
    json.Member("groundingChunkIndices").BeginArray();
    for (const std::size_t chunk : support.chunks) json.Integer(static_cast<std::int64_t>(chunk));
    json.EndArray();
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

}  // namespace tollgate::dataplane
