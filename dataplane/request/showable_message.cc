#include "dataplane/request/showable_message.h"

#include <string_view>

#include "dataplane/http/head_text.h"
#include "dataplane/json/cursor.h"
#include "dataplane/limits.h"

namespace tollgate::dataplane {

std::string ShowableMessage(std::string text, const Credential& credential) {
  if (!IsValidUtf8(text)) return {};
  if (text.size() > kProviderMessageBytesMax) text.resize(kProviderMessageBytesMax);
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  }
  if (credential.header_line != nullptr) {
    // The key is the last word of the header line.
    std::string_view line = TrimBlanks(credential.header_line->Reveal());
    while (line.ends_with("\r") || line.ends_with("\n")) line.remove_suffix(1);
    const std::string_view key = line.substr(line.rfind(' ') + 1);
    if (!key.empty() && text.find(key) != std::string::npos) return {};
  }
  // Some providers quote the key with its middle left out, others name their own machines.
  for (const std::string_view marker :
       {"sk-", "Bearer ", "<html", "<!DOCTYPE", "10.", "192.168."}) {
    if (text.find(marker) != std::string::npos) return {};
  }
  return text;
}

}  // namespace tollgate::dataplane
