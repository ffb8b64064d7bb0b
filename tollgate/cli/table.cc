#include "tollgate/cli/table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/check.h"

namespace tollgate::cli {
namespace {

// Characters, not bytes: continuation bytes of UTF-8 have no width.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

bool IsNumeric(std::string_view text) {
  if (text.empty()) return true;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '-'; });
}

}  // namespace

void Table::AddRow(std::vector<std::string> cells) {
  CHECK(cells.size() == header_.size());
  for (std::string& cell : cells) {
    std::replace_if(
        cell.begin(), cell.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20U; },
        ' ');
  }
  rows_.push_back(std::move(cells));
}

std::string Table::ToText() const {
  const std::size_t columns = header_.size();
  std::vector<std::size_t> widths(columns);
  std::vector<bool> right(columns, !rows_.empty());
  for (std::size_t i = 0; i < columns; ++i) {
    widths[i] = Width(header_[i]);
    for (const auto& row : rows_) {
      widths[i] = std::max(widths[i], Width(row[i]));
      right[i] = right[i] && IsNumeric(row[i]);
    }
  }
  std::string out;
  const auto append_row = [&](const std::vector<std::string>& cells) {
    std::string line;
    for (std::size_t i = 0; i < columns; ++i) {
      const std::string blanks(widths[i] - Width(cells[i]), ' ');
      if (i > 0) line += "  ";
      line += right[i] ? blanks + cells[i] : cells[i] + blanks;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line;
    out += '\n';
  };
  append_row(header_);
  for (const auto& row : rows_) append_row(row);
  return out;
}

}  // namespace tollgate::cli
