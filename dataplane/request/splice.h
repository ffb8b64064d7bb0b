// A body that is sent on with a few places rewritten: the original bytes, and edits.
#ifndef TOLLGATE_DATAPLANE_REQUEST_SPLICE_H_
#define TOLLGATE_DATAPLANE_REQUEST_SPLICE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace tollgate::dataplane {

// Collects edits in any order, then gives the pieces of the result.  Reused: Reset().
class Splice {
 public:
  void Reset() {
    edits_.clear();
    texts_.clear();
  }

  // Replaces [begin, end) of the body by `text`, which is copied.  Ranges must not overlap; at the
  // same place insertions come first, in the order in which they were added.
  void Replace(std::size_t begin, std::size_t end, std::string_view text) {
    edits_.push_back({begin, end, texts_.size(), text.size()});
    texts_.append(text);
  }
  void Insert(std::size_t at, std::string_view text) { Replace(at, at, text); }
  void Remove(std::size_t begin, std::size_t end) { Replace(begin, end, {}); }

  // Appends the pieces of the result to `pieces` and returns their size in bytes.  They point into
  // `body` and into this.
  std::size_t Apply(std::string_view body, std::vector<std::string_view>& pieces);

 private:
  struct Edit {
    std::size_t begin;
    std::size_t end;
    std::size_t text_at;
    std::size_t text_size;
  };

  std::vector<Edit> edits_;
  std::string texts_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_SPLICE_H_
