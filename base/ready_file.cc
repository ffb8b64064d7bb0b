#include "base/ready_file.h"

#include "base/json_text.h"

namespace tollgate {

absl::Status WriteReadyFile(FileSystem& file_system, const std::string& path,
                            const std::map<std::string, std::string>& values) {
  std::string json = "{";
  for (const auto& [key, value] : values) {
    if (json.size() > 1) json += ",";
    json += "\n  ";
    AppendJsonString(json, key);
    json += ": ";
    AppendJsonString(json, value);
  }
  json += "\n}\n";
  return file_system.WriteFileAtomically(path, json, kModePrivate);
}

}  // namespace tollgate
