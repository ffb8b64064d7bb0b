// What was read from a peer and is not yet used: one contiguous piece of memory, so that a head or
// a body can be looked at where it lies.
#ifndef TOLLGATE_DATAPLANE_HTTP_INPUT_BUFFER_H_
#define TOLLGATE_DATAPLANE_HTTP_INPUT_BUFFER_H_

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/check.h"
#include "dataplane/limits.h"

namespace tollgate::dataplane {

// Not thread-safe.  Views into it are valid until the next Reserve(), Release() or destruction.
class InputBuffer {
 public:
  explicit InputBuffer(std::size_t capacity = kReadBufferBytes)
      : bytes_(new char[capacity]), capacity_(capacity) {}

  std::string_view view() const { return {bytes_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  std::size_t capacity() const { return capacity_; }

  // Where the next read may go.
  char* free_space() { return bytes_.get() + end_; }
  std::size_t free_bytes() const { return capacity_ - end_; }

  // Counts `n` bytes that were read to free_space().
  void Commit(std::size_t n) {
    DCHECK_LE(n, free_bytes());
    end_ += n;
  }

  // Drops `n` bytes from the front.
  void Consume(std::size_t n) {
    DCHECK_LE(n, size());
    begin_ += n;
    if (begin_ == end_) begin_ = end_ = 0;
  }

  // Drops bytes from the back.
  void Truncate(std::size_t new_size) {
    DCHECK_LE(new_size, size());
    end_ = begin_ + new_size;
  }

  // The bytes from `offset` on, to be changed in place.
  char* at(std::size_t offset) { return bytes_.get() + begin_ + offset; }

  // Makes room for `n` more bytes, by moving what is there to the front or to larger memory, which
  // at least doubles.
  void Reserve(std::size_t n) {
    if (free_bytes() >= n) return;
    const std::size_t used = size();
    if (used + n <= capacity_) {
      std::memmove(bytes_.get(), bytes_.get() + begin_, used);
    } else {
      const std::size_t capacity = used + n > 2 * capacity_ ? used + n : 2 * capacity_;
      std::unique_ptr<char[]> bytes(new char[capacity]);
      std::memcpy(bytes.get(), bytes_.get() + begin_, used);
      bytes_ = std::move(bytes);
      capacity_ = capacity;
    }
    begin_ = 0;
    end_ = used;
  }

  // Gives large memory back when little is in it.
  void Shrink() {
    if (capacity_ <= kBufferKeepBytesMax || size() > kReadBufferBytes) return;
    InputBuffer smaller;
    std::memcpy(smaller.bytes_.get(), bytes_.get() + begin_, size());
    smaller.end_ = size();
    *this = std::move(smaller);
  }

 private:
  std::unique_ptr<char[]> bytes_;
  std::size_t capacity_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_HTTP_INPUT_BUFFER_H_
