#include "base/wire_reader.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace tollgate {
namespace {

using namespace std::string_view_literals;

// Field 1: 300; field 2: "abc"; field 3: fixed 64 bits; field 4: fixed 32 bits; field 16: true.
constexpr std::string_view kMessage =
    "\x08\xac\x02\x12\x03"
    "abc\x19\x01\0\0\0\0\0\0\x80\x25\x02\0\0\0\x80\x01\x01"sv;

TEST(WireReaderTest, ReadsEachTypeInOrder) {
  WireReader reader(kMessage);
  WireField field;
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.number, 1u);
  EXPECT_EQ(field.type, WireType::kVarint);
  EXPECT_EQ(field.value, 300u);
  EXPECT_FALSE(reader.complete());
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.number, 2u);
  EXPECT_EQ(field.type, WireType::kBytes);
  EXPECT_EQ(field.bytes, "abc");
  EXPECT_EQ(field.bytes.data(), kMessage.data() + 5) << "no copy";
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.type, WireType::kFixed64);
  EXPECT_EQ(field.value, 0x8000'0000'0000'0001u);
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.type, WireType::kFixed32);
  EXPECT_EQ(field.value, 2u);
  ASSERT_TRUE(reader.Next(field));
  EXPECT_EQ(field.number, 16u);
  EXPECT_EQ(field.value, 1u);
  EXPECT_FALSE(reader.Next(field));
  EXPECT_TRUE(reader.complete());
  EXPECT_FALSE(reader.padded());
}

TEST(WireReaderTest, ACutMessageIsWholeBetweenFieldsOnly) {
  for (std::size_t size = 0; size <= kMessage.size(); ++size) {
    WireReader reader(kMessage.substr(0, size));
    WireField field;
    while (reader.Next(field)) {
    }
    const bool between = size == 0 || size == 3 || size == 8 || size == 17 || size == 22 ||
                         size == kMessage.size();
    EXPECT_EQ(reader.complete(), between) << size;
    EXPECT_FALSE(reader.Next(field)) << size;
  }
}

TEST(WireReaderTest, WhatIsNoFieldIsRefused) {
  for (const std::string_view bytes : {
           "\x00\x01"sv,                                      // Field 0.
           "\x0b\x0c"sv,                                      // A group.
           "\x0e\x00"sv,                                      // A type that there is not.
           "\xf8\xff\xff\xff\x7f\x01"sv,                      // A tag beyond 32 bits.
           "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv,  // A number without an end.
           "\x0a\xff\xff\xff\xff\x0f"sv,                      // Longer than there is.
       }) {
    WireReader reader(bytes);
    WireField field;
    EXPECT_FALSE(reader.Next(field));
    EXPECT_FALSE(reader.complete());
  }
}

TEST(WireReaderTest, LongerTagsAndSizesThanProtobufTakesAreTold) {
  for (const std::string_view bytes :
       {"\x88\x80\x80\x80\x80\x00\x01"sv, "\x0a\x81\x80\x80\x80\x80\x00x"sv}) {
    WireReader reader(bytes);
    WireField field;
    ASSERT_TRUE(reader.Next(field));
    EXPECT_TRUE(reader.complete());
    EXPECT_TRUE(reader.padded());
  }
}

}  // namespace
}  // namespace tollgate
