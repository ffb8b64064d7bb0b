#include "dataplane/request/splice.h"

#include <algorithm>

#include "base/check.h"

namespace tollgate::dataplane {

std::size_t Splice::Apply(std::string_view body, std::vector<std::string_view>& pieces) {
  std::stable_sort(edits_.begin(), edits_.end(), [](const Edit& a, const Edit& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    return a.end == a.begin && b.end != b.begin;
  });
  std::size_t at = 0;
  std::size_t size = 0;
  const auto add = [&](std::string_view piece) {
    if (piece.empty()) return;
    pieces.push_back(piece);
    size += piece.size();
  };
  for (const Edit& edit : edits_) {
    DCHECK(edit.begin >= at && edit.end <= body.size()) << "edits overlap";
    add(body.substr(at, edit.begin - at));
    add(std::string_view(texts_).substr(edit.text_at, edit.text_size));
    at = edit.end;
  }
  add(body.substr(at));
  return size;
}

}  // namespace tollgate::dataplane
