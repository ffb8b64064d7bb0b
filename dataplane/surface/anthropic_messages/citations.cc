#include "dataplane/surface/anthropic_messages/citations.h"

#include <algorithm>

#include "dataplane/ir/text_places.h"

namespace tollgate::dataplane {
namespace {

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

// The blocks of what is cited, in order, those that overlap joined.
std::vector<CitedBlock> CitedRanges(std::string_view text,
                                    const std::vector<ir::Citation>& citations) {
  ir::TextPlaces places;
  places.Append(text);
  std::vector<CitedBlock> ranges;
  for (const ir::Citation& citation : citations) {
    const std::int64_t begin = places.ByteOf(citation.begin);
    const std::int64_t end = places.ByteOf(citation.end);
    if (begin < 0 || end <= begin) continue;
    ranges.push_back({static_cast<std::size_t>(begin), static_cast<std::size_t>(end), {&citation}});
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const CitedBlock& a, const CitedBlock& b) { return a.begin < b.begin; });
  std::vector<CitedBlock> joined;
  for (CitedBlock& range : ranges) {
    if (joined.empty() || range.begin >= joined.back().end) {
      joined.push_back(std::move(range));
      continue;
    }
    joined.back().end = std::max(joined.back().end, range.end);
    joined.back().citations.push_back(range.citations.front());
  }
  return joined;
}

}  // namespace

std::vector<CitedBlock> SplitByCitations(std::string_view text,
                                         const std::vector<ir::Citation>& citations) {
  std::vector<CitedBlock> blocks;
  std::size_t at = 0;
  const auto add_plain = [&](std::size_t end) {
    if (at == end) return;
    if (!blocks.empty() && IsBlank(text.substr(at, end - at))) {
      blocks.back().end = end;
    } else {
      blocks.push_back({at, end, {}});
    }
    at = end;
  };
  std::size_t placed = 0;
  for (CitedBlock& range : CitedRanges(text, citations)) {
    placed += range.citations.size();
    // White space in front of all that is cited belongs to it.
    if (!IsBlank(text.substr(at, range.begin - at)) || !blocks.empty()) add_plain(range.begin);
    range.begin = at;
    at = range.end;
    blocks.push_back(std::move(range));
  }
  add_plain(text.size());
  if (blocks.empty()) blocks.push_back({0, text.size(), {}});
  if (placed == citations.size()) return blocks;
  std::vector<const ir::Citation*> known;
  for (const CitedBlock& block : blocks) {
    known.insert(known.end(), block.citations.begin(), block.citations.end());
  }
  for (const ir::Citation& citation : citations) {
    if (std::find(known.begin(), known.end(), &citation) == known.end()) {
      blocks.back().citations.push_back(&citation);
    }
  }
  return blocks;
}

void WriteMessagesCitation(const ir::Citation& citation, bool with_place, JsonWriter& json) {
  if (citation.owner == ir::kAnthropicMessages && !citation.json.empty()) {
    json.Raw(citation.json);
    return;
  }
  json.BeginObject();
  if (citation.url.empty()) {
    json.Member("type").String("search_result_location");
    json.Member("source").String(citation.title);
    json.Member("search_result_index").Integer(std::max<std::int64_t>(citation.document_index, 0));
    json.Member("start_block_index").Integer(0);
    json.Member("end_block_index").Integer(0);  // None: no result of the request is meant.
  } else {
    json.Member("type").String("web_search_result_location");
    json.Member("url").String(citation.url);
    json.Member("encrypted_index").String("");
  }
  json.Member("title").String(citation.title);
  json.Member("cited_text").String(citation.cited_text);
  if (with_place && citation.begin >= 0 && citation.end > citation.begin) {
    json.Member("start_index").Integer(citation.begin);
    json.Member("end_index").Integer(citation.end);
  }
  json.EndObject();
}

}  // namespace tollgate::dataplane
