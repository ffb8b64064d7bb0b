#include "tollgate/demo_provider/tokens.h"

namespace tollgate {
namespace {

// Roughly what real tokenizers make of English.
constexpr std::size_t kTokenBytes = 4;

bool IsBlank(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }
bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

std::size_t FirstTokenBytes(std::string_view text) {
  std::size_t size = 0;
  bool in_word = false;
  while (size < text.size()) {
    const char c = text[size];
    if (in_word && IsBlank(c)) break;
    if (size >= kTokenBytes && !IsContinuation(c)) break;
    if (!IsBlank(c)) in_word = true;
    ++size;
  }
  return size;
}

std::int64_t CountTokens(std::string_view text) {
  std::int64_t count = 0;
  while (!text.empty()) {
    text.remove_prefix(FirstTokenBytes(text));
    ++count;
  }
  return count;
}

}  // namespace tollgate
