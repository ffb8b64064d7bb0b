#include "base/grpc_log.h"

#include <grpc/support/log.h>

#include <string_view>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

LogLevel LevelOf(gpr_log_severity severity) {
  switch (severity) {
    case GPR_LOG_SEVERITY_DEBUG:
      return LogLevel::kDebug;
    case GPR_LOG_SEVERITY_INFO:
      return LogLevel::kInfo;
    case GPR_LOG_SEVERITY_ERROR:
      break;
  }
  return LogLevel::kError;
}

void Forward(gpr_log_func_args* args) {
  std::string_view file = args->file;
  file.remove_prefix(file.rfind('/') + 1);  // npos + 1 = 0: no folder.
  LogEvent(LevelOf(args->severity), "grpc",
           {{"message", args->message}, {"at", absl::StrCat(AbslView(file), ":", args->line)}});
}

}  // namespace

void SendGrpcLogToOurs() { gpr_set_log_function(Forward); }

}  // namespace tollgate
