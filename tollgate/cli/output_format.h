// The -o flag: table, yaml or json.
#ifndef TOLLGATE_TOLLGATE_CLI_OUTPUT_FORMAT_H_
#define TOLLGATE_TOLLGATE_CLI_OUTPUT_FORMAT_H_

#include <ostream>
#include <string>
#include <vector>

#include "tollgate/cli/value.h"

namespace CLI {
class App;
}  // namespace CLI

namespace tollgate::cli {

// What the flag may say.
inline constexpr char kTable[] = "table";
inline constexpr char kYaml[] = "yaml";
inline constexpr char kJson[] = "json";

// Adds -o to a verb; `format` must outlive it and holds the default.
void AddOutputFlag(CLI::App& verb, std::string& format);

// Prints one record as YAML or JSON.  REQUIRED: format is kYaml or kJson.
void PrintValue(std::ostream& out, const std::string& format, const Value& value);

// Prints records as YAML documents, each begun by "---", or as one JSON array.  REQUIRED: the same.
void PrintValues(std::ostream& out, const std::string& format, const std::vector<Value>& values);

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_OUTPUT_FORMAT_H_
