#include "tollgate/cli/table.h"

#include "gtest/gtest.h"

namespace tollgate::cli {
namespace {

TEST(Table, AlignsTextsLeftAndNumbersRight) {
  Table table({"ID", "BALANCE USD", "NAME"});
  table.AddRow({"demo", "9.99", "Demo"});
  table.AddRow({"production", "-12345.5", ""});
  EXPECT_EQ(table.ToText(),
            "ID          BALANCE USD  NAME\n"
            "demo               9.99  Demo\n"
            "production     -12345.5\n");
}

TEST(Table, CountsCharactersAndNotBytes) {
  Table table({"A", "B"});
  table.AddRow({"äöü", "x"});
  table.AddRow({"abc", "x"});
  EXPECT_EQ(table.ToText(), "A    B\näöü  x\nabc  x\n");
}

TEST(Table, KeepsARowOnOneLine) {
  Table table({"A"});
  table.AddRow({"one\ntwo\x1b[31m"});
  EXPECT_EQ(table.ToText(), "A\none two [31m\n");
}

TEST(Table, ShowsItsHeaderAlone) { EXPECT_EQ(Table({"A", "B"}).ToText(), "A  B\n"); }

}  // namespace
}  // namespace tollgate::cli
