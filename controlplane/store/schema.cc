#include "controlplane/store/schema.h"

#include "absl/status/status.h"

namespace tollgate::controlplane {

std::string ResourceRowKey(std::string_view kind, std::string_view id) {
  std::string key(kind);
  key += '/';
  key += id;
  return key;
}

std::string MemoRowKey(std::string_view actor, std::string_view request_id) {
  std::string key(actor);
  key += '\0';
  key += request_id;
  return key;
}

std::string NumberRowKey(std::uint64_t number) {
  std::string key;
  for (int shift = 56; shift >= 0; shift -= 8) key += static_cast<char>(number >> shift & 0xff);
  return key;
}

absl::StatusOr<std::uint64_t> ParseNumberRowKey(std::string_view key) {
  if (key.size() != 8) return absl::DataLossError("a numbered row has a key of another length");
  std::uint64_t number = 0;
  for (char c : key) number = number << 8 | static_cast<unsigned char>(c);
  return number;
}

}  // namespace tollgate::controlplane
