// Aligned columns for people.
#ifndef TOLLGATE_TOLLGATE_CLI_TABLE_H_
#define TOLLGATE_TOLLGATE_CLI_TABLE_H_

#include <cstddef>
#include <initializer_list>
#include <string>
#include <vector>

namespace tollgate::cli {

// A column whose cells are numbers or amounts is aligned to the right.
//
//   Table table({"ID", "BALANCE"});
//   table.AddRow({"demo", "9.99"});
//   out << table.ToText();
class Table {
 public:
  explicit Table(std::vector<std::string> header) : header_(std::move(header)) {}

  // Control characters in cells become blanks.  REQUIRED: as many cells as the header has.
  void AddRow(std::vector<std::string> cells);

  bool empty() const { return rows_.empty(); }

  // The header and the rows, two blanks between columns, no blanks at line ends.
  std::string ToText() const;

 private:
  std::vector<std::string> header_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace tollgate::cli

#endif  // TOLLGATE_TOLLGATE_CLI_TABLE_H_
