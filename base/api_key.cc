#include "base/api_key.h"

#include <boost/crc.hpp>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/key_file.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

constexpr std::string_view kBase62 =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

bool IsBase62(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

// CRC-32 (IEEE 802.3) of `body`, most significant digit first.
std::string Checksum(std::string_view body) {
  boost::crc_32_type crc;
  crc.process_bytes(body.data(), body.size());
  std::uint32_t value = crc.checksum();
  std::string text(kApiKeyChecksumChars, '0');
  for (std::size_t i = text.size(); i-- > 0; value /= 62) text[i] = kBase62[value % 62];
  return text;
}

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

Secret GenerateApiKey(Random& random) {
  static_assert(kApiKeyPrefix.size() + kApiKeyRandomChars + kApiKeyChecksumChars == kApiKeyChars);
  std::string key(kApiKeyPrefix);
  key.reserve(kApiKeyChars);
  for (std::size_t i = 0; i < kApiKeyRandomChars; ++i) {
    key.push_back(kBase62[random.Below(kBase62.size())]);
  }
  key += Checksum(key);
  return Secret::Take(std::move(key));
}

bool LooksLikeApiKey(std::string_view text) {
  if (text.size() != kApiKeyChars) return false;
  if (text.substr(0, kApiKeyPrefix.size()) != kApiKeyPrefix) return false;
  for (const char c : text.substr(kApiKeyPrefix.size())) {
    if (!IsBase62(c)) return false;
  }
  const std::size_t body_chars = kApiKeyChars - kApiKeyChecksumChars;
  return text.substr(body_chars) == Checksum(text.substr(0, body_chars));
}

absl::StatusOr<Peppers> Peppers::Load(const std::string& path) {
  TG_ASSIGN_OR_RETURN(Secret contents, ReadKeyFile(path));
  return Parse(contents.Reveal(), path);
}

absl::StatusOr<Peppers> Peppers::Parse(std::string_view text, std::string_view name) {
  Peppers peppers;
  int line_number = 0;
  while (!text.empty()) {
    ++line_number;
    const std::size_t end = text.find('\n');
    const std::string_view line = Trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const auto refuse = [&](absl::string_view why) {
      return absl::InvalidArgumentError(absl::StrCat(AbslView(name), ":", line_number, ": ", why));
    };
    const std::size_t colon = line.find(':');
    std::uint32_t id = 0;
    if (colon == std::string_view::npos ||
        !absl::SimpleAtoi(AbslView(line.substr(0, colon)), &id) || id == 0) {
      return refuse("a pepper is written as id:hex, with an id from 1 up");
    }
    absl::StatusOr<std::string> bytes = HexDecode(Trimmed(line.substr(colon + 1)));
    if (!bytes.ok()) return refuse("the pepper is not hexadecimal");
    const Secret pepper = Secret::Take(*std::move(bytes));
    if (pepper.size() < kPepperBytesMin) {
      return refuse(absl::StrCat("a pepper needs at least ", kPepperBytesMin, " bytes"));
    }
    if (!peppers.keys_.emplace(id, HmacKey(pepper.Reveal())).second) {
      return refuse(absl::StrCat("pepper ", id, " is given twice"));
    }
    if (peppers.keys_.size() > kPeppersMax) {
      return refuse(absl::StrCat("more than ", kPeppersMax, " peppers"));
    }
  }
  if (peppers.keys_.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(AbslView(name), ": holds no pepper"));
  }
  return peppers;
}

std::vector<std::uint32_t> Peppers::ids() const {
  std::vector<std::uint32_t> ids;
  ids.reserve(keys_.size());
  for (auto it = keys_.rbegin(); it != keys_.rend(); ++it) ids.push_back(it->first);
  return ids;
}

std::optional<Sha256Digest> Peppers::Digest(std::uint32_t pepper_id, std::string_view key) const {
  const auto it = keys_.find(pepper_id);
  if (it == keys_.end()) return std::nullopt;
  return it->second.Digest(key);
}

absl::Status GeneratePepperFile(const std::string& path) {
  std::array<std::uint8_t, kPepperBytesMin> bytes;
  SystemRandom().Fill(bytes);
  const Secret line = Secret::Take(absl::StrCat(
      "1:", HexEncode({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), "\n"));
  return WriteNewKeyFile(path, line.Reveal());
}

}  // namespace tollgate
