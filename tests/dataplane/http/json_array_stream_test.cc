#include "dataplane/http/json_array_stream.h"

#include <string>

#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

TEST(JsonArrayStreamTest, EachEventsDataIsAnElement) {
  JsonArrayStream array;
  std::string out;
  array.Frame("data: {\"a\":1}\r\n\r\ndata: {\"b\":2}\r\n\r\n", out);
  array.Frame("event: x\ndata: [3]\n\n", out);
  array.Close(out);
  EXPECT_EQ(out, "[{\"a\":1},\r\n{\"b\":2},\r\n[3]]");
}

TEST(JsonArrayStreamTest, CommentsAreBlanksWhereverTheyStand) {
  JsonArrayStream array;
  std::string out;
  array.Frame(": ping\n\n", out);
  array.Frame("data: 1\n\n: ping\n\n", out);
  array.Frame("data: 2\n\n", out);
  array.Close(out);
  EXPECT_EQ(out, "\n[1\n,\r\n2]");
}

TEST(JsonArrayStreamTest, TheLastEventMayLackItsEmptyLine) {
  JsonArrayStream array;
  std::string out;
  array.Frame("data: 1\r\n\r\ndata: 2", out);
  array.Close(out);
  EXPECT_EQ(out, "[1,\r\n2]");
}

TEST(JsonArrayStreamTest, ALineEndMayComeInTwoWrites) {
  JsonArrayStream array;
  std::string out;
  array.Frame("data: 1\r\n\r", out);
  array.Frame("\ndata: 2\r\n\r", out);
  array.Frame("\n", out);
  array.Close(out);
  EXPECT_EQ(out, "[1,\r\n2]");
}

TEST(JsonArrayStreamTest, DataOfSeveralLinesStaysOneElement) {
  JsonArrayStream array;
  std::string out;
  array.Frame("data: [1,\ndata: 2]\n\n", out);
  array.Close(out);
  EXPECT_EQ(out, "[[1,\n2]]");
}

TEST(JsonArrayStreamTest, AStreamWithoutEventsIsAnEmptyArray) {
  JsonArrayStream array;
  std::string out;
  array.Close(out);
  EXPECT_EQ(out, "[]");
  array.Frame("data: 1\n\n", out);
  array.Reset();
  out.clear();
  array.Frame("data: 2\n\n", out);
  EXPECT_EQ(out, "[2") << "begun anew";
}

}  // namespace
}  // namespace tollgate::dataplane
