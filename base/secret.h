// A string that must not leak: a key, a credential, a token.
#ifndef TOLLGATE_BASE_SECRET_H_
#define TOLLGATE_BASE_SECRET_H_

#include <cstddef>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

namespace tollgate {

// Move-only; wiped (OPENSSL_cleanse) on destruction and when assigned over; cannot be printed,
// compared or formatted by accident.  Reveal() is the one door, easy to grep for.
// Not thread-safe to modify; safe to read from several threads.
class Secret {
 public:
  Secret() = default;  // Empty.
  explicit Secret(std::string_view value);
  // Copies `value` and wipes the original.
  static Secret Take(std::string&& value);

  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  // The value; valid as long as this object.  Never log it, never put it into an error.
  std::string_view Reveal() const { return {bytes_.get(), size_}; }

  // A copy, for the rare place that needs two owners.
  Secret Clone() const { return Secret(Reveal()); }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }

  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;
  friend bool operator==(const Secret&, const Secret&) = delete;  // Use ConstantTimeEqual().

 private:
  void Wipe();

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
};

}  // namespace tollgate

#endif  // TOLLGATE_BASE_SECRET_H_
