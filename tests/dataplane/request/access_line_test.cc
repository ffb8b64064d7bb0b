#include "dataplane/request/access_line.h"

#include <limits>
#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

TEST(AccessLineTest, WritesEachKindOfField) {
  AccessLine line;
  line.Begin();
  line.Text("{\"time\":", "now");
  line.Text(",\"model\":", "acme/small");
  line.Number(",\"tokens\":", -12);
  line.Flag(",\"stream\":", true);
  line.Flag(",\"byok\":", false);
  EXPECT_EQ(line.End(),
            "{\"time\":\"now\",\"model\":\"acme/small\",\"tokens\":-12,\"stream\":true,"
            "\"byok\":false}");
}

TEST(AccessLineTest, LeavesEmptyTextsOutAndEscapesWhatClientsWrote) {
  AccessLine line;
  line.Begin();
  line.Text("{\"model\":", "a\"b\n\xff");
  line.Text(",\"user\":", "");
  EXPECT_EQ(line.End(), "{\"model\":\"a\\\"b\\n\xef\xbf\xbd\"}");
}

TEST(AccessLineTest, IsUsedAgainAndGrows) {
  AccessLine line;
  line.Begin();
  line.Text("{\"x\":", std::string(5000, 'x'));
  EXPECT_EQ(line.End(), "{\"x\":\"" + std::string(5000, 'x') + "\"}");
  line.Begin();
  line.Text("{\"x\":", std::string(3000, '\n'));
  line.Number(",\"n\":", std::numeric_limits<std::int64_t>::min());
  std::string escaped;
  for (int i = 0; i < 3000; ++i) escaped += "\\n";
  EXPECT_EQ(line.End(), "{\"x\":\"" + escaped + "\",\"n\":-9223372036854775808}");
}

}  // namespace
}  // namespace tollgate::dataplane
