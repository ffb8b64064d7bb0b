#include "base/secret.h"

#include <openssl/crypto.h>

#include <cstring>
#include <utility>

namespace tollgate {

Secret::Secret(std::string_view value)
    : bytes_(value.empty() ? nullptr : std::make_unique<char[]>(value.size())),
      size_(value.size()) {
  if (!value.empty()) std::memcpy(bytes_.get(), value.data(), value.size());
}

Secret Secret::Take(std::string&& value) {
  Secret secret(value);
  OPENSSL_cleanse(value.data(), value.size());
  value.clear();
  return secret;
}

Secret::Secret(Secret&& other) noexcept
    : bytes_(std::move(other.bytes_)), size_(std::exchange(other.size_, 0)) {}

Secret& Secret::operator=(Secret&& other) noexcept {
  if (this == &other) return *this;
  Wipe();
  bytes_ = std::move(other.bytes_);
  size_ = std::exchange(other.size_, 0);
  return *this;
}

Secret::~Secret() { Wipe(); }

void Secret::Wipe() {
  if (bytes_ != nullptr) OPENSSL_cleanse(bytes_.get(), size_);
}

}  // namespace tollgate
