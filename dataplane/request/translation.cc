#include "dataplane/request/translation.h"

#include <string_view>

#include "dataplane/http/head_text.h"

namespace tollgate::dataplane {
namespace {

// The whole line in bytes: enough to name every member that a request has.
constexpr std::size_t kWarningsBytesMax = 1024;

std::string_view KindName(ir::Warning::Kind kind) {
  switch (kind) {
    case ir::Warning::Kind::kUnsupported:
      return "unsupported ";
    case ir::Warning::Kind::kCompatibility:
      return "compatibility ";
    case ir::Warning::Kind::kOther:
      break;
  }
  return "other ";
}

}  // namespace

void Translation::Begin() {
  request.Reset();
  read = false;
  BeginAttempt();
}

void Translation::BeginAttempt() {
  written.Reset();
  warnings.clear();
  context = AnswerContext();
  response.Reset();
  reader.reset();
  writer.reset();
  events.clear();
  open_parts.clear();
  usage = ir::Usage();
  finish = ir::FinishReason::kUnknown;
  out.clear();
}

void AppendWarningsHeader(std::span<const ir::Warning> warnings, std::string& lines) {
  if (warnings.empty()) return;
  const std::size_t start = lines.size();
  lines += "x-tollgate-warnings: ";
  bool first = true;
  for (const ir::Warning& warning : warnings) {
    if (lines.size() - start + warning.feature.size() > kWarningsBytesMax) break;
    if (!first) lines += ", ";
    first = false;
    lines += KindName(warning.kind);
    // The feature may be a member's name that the client chose.
    for (const char c : warning.feature) lines += IsTokenChar(c) ? c : '_';
  }
  lines += "\r\n";
}

}  // namespace tollgate::dataplane
