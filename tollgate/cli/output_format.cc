#include "tollgate/cli/output_format.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "base/check.h"

namespace tollgate::cli {

void AddOutputFlag(CLI::App& verb, std::string& format) {
  verb.add_option("-o,--output", format, "table, yaml or json")
      ->check(CLI::IsMember({kTable, kYaml, kJson}))
      ->default_str(format);
}

void PrintValue(std::ostream& out, const std::string& format, const Value& value) {
  CHECK(format == kYaml || format == kJson);
  out << (format == kYaml ? ToYaml(value) : ToJson(value));
}

void PrintValues(std::ostream& out, const std::string& format, const std::vector<Value>& values) {
  if (format == kYaml) {
    for (const Value& value : values) out << "---\n" << ToYaml(value);
    return;
  }
  Value list = Value::List();
  list.items = values;
  PrintValue(out, format, list);
}

}  // namespace tollgate::cli
