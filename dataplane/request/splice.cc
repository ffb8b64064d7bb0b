#include "dataplane/request/splice.h"

#include <utility>

#include "base/check.h"

namespace tollgate::dataplane {

std::size_t Splice::Apply(std::string_view body, std::vector<std::string_view>& pieces) {
  // A handful of edits, nearly in order: sorted by insertion, without the memory of stable_sort.
  const auto before = [](const Edit& a, const Edit& b) {
    if (a.begin != b.begin) return a.begin < b.begin;
    return a.end == a.begin && b.end != b.begin;
  };
  for (std::size_t i = 1; i < edits_.size(); ++i) {
    for (std::size_t j = i; j > 0 && before(edits_[j], edits_[j - 1]); --j) {
      std::swap(edits_[j], edits_[j - 1]);
    }
  }
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
