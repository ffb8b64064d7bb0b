// A persistent array: copying shares everything, an edit copies one chunk.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_COW_VECTOR_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_COW_VECTOR_H_

#include <array>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

namespace tollgate::dataplane {

// Const members are safe from several threads; edits are for one thread, on an array that nobody
// else has yet.
template <typename Value>
class CowVector {
 public:
  std::size_t size() const { return size_; }

  // REQUIRED: index < size().
  const Value& operator[](std::size_t index) const {
    return (*chunks_[index / kChunk])[index % kChunk];
  }

  // Replaces an element, or appends one when index == size().
  void Set(std::size_t index, Value value) {
    if (index == size_) {
      if (size_ % kChunk == 0) chunks_.push_back(nullptr);
      ++size_;
    }
    auto& chunk = chunks_[index / kChunk];
    auto copy = chunk == nullptr ? std::make_shared<Chunk>() : std::make_shared<Chunk>(*chunk);
    (*copy)[index % kChunk] = std::move(value);
    chunk = std::move(copy);
  }

 private:
  static constexpr std::size_t kChunk = 64;
  using Chunk = std::array<Value, kChunk>;

  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::size_t size_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_COW_VECTOR_H_
