#include "dataplane/http/sse.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

using testing::ElementsAre;

// The data of each event of a stream that arrives in the given pieces.
std::vector<std::string> DataOf(const std::vector<std::string>& pieces) {
  std::vector<std::string> result;
  SseSplitter splitter;
  std::string buffer;
  std::string scratch;
  for (const std::string& piece : pieces) {
    buffer += piece;
    while (const std::size_t size = splitter.Next(buffer)) {
      const std::string_view data = SseData(std::string_view(buffer).substr(0, size), scratch);
      if (data.data() != nullptr) result.emplace_back(data);
      buffer.erase(0, size);
    }
  }
  return result;
}

TEST(SseTest, TheSameEventsAtAnyCutAndLineEnd) {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    std::string stream =
        "\xef\xbb\xbf"
        "data: one" +
        end + end + ": comment" + end + end + "event: x" + end + "data: two" + end + "id: 7" + end +
        end + "data:three" + end + "data: four" + end + end + "database: no" + end + end + "data" +
        end + end + "data: {\"a\": \"b: c\"}" + end + end;
    // The last empty line by a CR needs what follows to be known.
    stream += "data: incomplete";
    const std::vector<std::string> whole = DataOf({stream});
    EXPECT_THAT(whole, ElementsAre("one", "two", "three\nfour", "", "{\"a\": \"b: c\"}"))
        << end.size();
    for (std::size_t a = 0; a < stream.size(); ++a) {
      for (std::size_t b = a; b < stream.size(); b += 7) {
        EXPECT_EQ(DataOf({stream.substr(0, a), stream.substr(a, b - a), stream.substr(b)}), whole)
            << a << " " << b;
      }
    }
    std::vector<std::string> bytes;
    for (const char c : stream) bytes.emplace_back(1, c);
    EXPECT_EQ(DataOf(bytes), whole);
  }
}

TEST(SseTest, EventsAreContiguous) {
  const std::string stream = "data: a\n\n\ndata: b\r\n\r\n";
  SseSplitter splitter;
  EXPECT_EQ(splitter.Next(stream), 9u);
  EXPECT_EQ(splitter.Next(std::string_view(stream).substr(9)), 1u);
  EXPECT_EQ(splitter.Next(std::string_view(stream).substr(10)), 11u);
  EXPECT_EQ(splitter.Next(""), 0u);
}

}  // namespace
}  // namespace tollgate::dataplane
