#include "dataplane/ir/data_url.h"

#include "gtest/gtest.h"

namespace tollgate::dataplane::ir {
namespace {

TEST(DataUrlTest, ALinkStaysALink) {
  Media media;
  ASSERT_TRUE(TakeUrl("https://example.com/a.png", media));
  EXPECT_EQ(media.url, "https://example.com/a.png");
  EXPECT_EQ(UrlOf(media), "https://example.com/a.png");
}

TEST(DataUrlTest, BytesAreTakenApartAndPutTogether) {
  Media media;
  ASSERT_TRUE(TakeUrl("data:image/png;charset=x;base64,iVBORw0KGgo=", media));
  EXPECT_EQ(media.media_type, "image/png");
  EXPECT_EQ(media.base64, "iVBORw0KGgo=");
  EXPECT_EQ(UrlOf(media), "data:image/png;base64,iVBORw0KGgo=");
}

TEST(DataUrlTest, OtherSchemesAreRefused) {
  for (const char* url : {"", "file:///etc/passwd", "data:text/plain,hi", "data:image/png;base64",
                          "ftp://x/y", "//x/y", "javascript:1"}) {
    Media media;
    EXPECT_FALSE(TakeUrl(url, media)) << url;
  }
}

TEST(DataUrlTest, TypesOfImagesAreSeen) {
  EXPECT_EQ(SniffMediaType("iVBORw0KGgoAAA"), "image/png");
  EXPECT_EQ(SniffMediaType("/9j/4AAQ"), "image/jpeg");
  EXPECT_EQ(SniffMediaType("JVBERi0xLjQ="), "application/pdf");
  EXPECT_EQ(SniffMediaType("AAAA"), "");
  EXPECT_EQ(KindOf("audio/wav"), Media::Kind::kAudio);
  EXPECT_EQ(KindOf(""), Media::Kind::kFile);
}

}  // namespace
}  // namespace tollgate::dataplane::ir
