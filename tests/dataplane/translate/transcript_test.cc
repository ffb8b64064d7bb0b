// Every golden transcript, and what must hold for all of them.
//
// TOLLGATE_UPDATE_TRANSCRIPTS=1 writes the files that a case has anew; =all writes one for every
// surface and format there is.
#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/http/sse.h"
#include "gtest/gtest.h"
#include "tests/dataplane/translate/ir_dump.h"
#include "tests/dataplane/translate/transcripts.h"

namespace tollgate::dataplane {
namespace {

std::string_view UpdateMode() {
  const char* mode = std::getenv("TOLLGATE_UPDATE_TRANSCRIPTS");
  return mode == nullptr ? std::string_view() : std::string_view(mode);
}

// Compares with the golden file, or writes it.  How many files were compared is counted, so that a
// case without any fails.
int Check(const Case& c, const std::string& file, const std::string& actual) {
  const std::string_view mode = UpdateMode();
  if (mode == "all" || (mode == "1" && c.Has(file))) {
    std::ofstream out(c.Path(file), std::ios::binary);
    out << actual;
    return 1;
  }
  if (!c.Has(file)) return 0;
  EXPECT_EQ(c.Read(file), actual) << c.Path(file);
  return 1;
}

class TranscriptTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override { ReadSetup(GetParam(), setup_); }
  const Case& c() const { return GetParam(); }

  CaseSetup setup_;
};

std::string NameOf(const testing::TestParamInfo<Case>& info) {
  std::string name = absl::StrCat(info.param.side, "_", info.param.owner, "_", info.param.name);
  for (char& letter : name) {
    if (letter == '-' || letter == '.') letter = '_';
  }
  return name;
}

// Cases of a provider's stream, of its whole answer, and of a client's request that the format of
// the same JSON can write.
class StreamTranscriptTest : public TranscriptTest {};
class AnswerTranscriptTest : public TranscriptTest {};
class RequestTranscriptTest : public TranscriptTest {};

template <typename Wanted>
std::vector<Case> CasesThat(Wanted wanted) {
  std::vector<Case> cases;
  for (const Case& c : AllCases()) {
    if (wanted(c)) cases.push_back(c);
  }
  return cases;
}

TEST_P(TranscriptTest, ComesOutAsWritten) {
  int compared = 0;
  if (c().side == "surface") {
    const Surface* surface = FindSurface(c().owner);
    ASSERT_NE(surface, nullptr) << c().owner << " is not registered";
    const std::string body = c().Read("request.in");
    ASSERT_FALSE(body.empty()) << "a surface's case has a request.in";
    for (const ProviderFormat* format : SpokenFormatList()) {
      compared += Check(c(), absl::StrCat("request.", AbslView(format->name()), ".out"),
                        WrittenBy(*format, *surface, setup_, body));
    }
  } else {
    ASSERT_EQ(c().side, "format");
    const ProviderFormat* format = FindFormat(c().owner);
    ASSERT_NE(format, nullptr) << c().owner << " is not registered";
    if (c().Has("error.in")) {
      compared += Check(c(), "error.out", ErrorOf(*format, c().Read("error.in")));
    }
    for (const Surface* surface : Surfaces()) {
      const std::string suffix = absl::StrCat(".", AbslView(surface->name()), ".out");
      if (c().Has("answer.in")) {
        compared += Check(c(), "answer" + suffix,
                          AnsweredBy(*surface, *format, setup_, c().Read("answer.in")));
      }
      if (c().Has("stream.in")) {
        compared += Check(c(), "stream" + suffix,
                          StreamedBy(*surface, *format, setup_, c().Read("stream.in"), 0));
      }
    }
  }
  EXPECT_GT(compared, 0) << "nothing says what should come out";
}

// The bytes of a stream may arrive in any pieces.
TEST_P(StreamTranscriptTest, StreamsAreReadHoweverTheyAreCut) {
  const ProviderFormat* format = FindFormat(c().owner);
  const std::string stream = c().Read("stream.in");
  for (const Surface* surface : Surfaces()) {
    const std::string whole = StreamedBy(*surface, *format, setup_, stream, 0);
    for (const std::size_t step : {1, 2, 3, 7, 64, 1000}) {
      EXPECT_EQ(StreamedBy(*surface, *format, setup_, stream, step), whole)
          << surface->name() << ", " << step << " bytes at a time";
    }
  }
}

// A stream that is cut anywhere before its last event is an error on every surface, never a short
// answer that looks whole.
TEST_P(StreamTranscriptTest, CutStreamsFail) {
  const ProviderFormat* format = FindFormat(c().owner);
  const std::string stream = c().Read("stream.in");
  std::unique_ptr<EventReader> reader;
  for (std::size_t at = stream.find("\n\n"); at != std::string::npos;
       at = stream.find("\n\n", at + 2)) {
    const std::string_view part = std::string_view(stream).substr(0, at + 2);
    // What is left out says nothing but that it is over, or says more.
    reader = format->NewEventReader();
    ir::EventList events;
    std::string scratch;
    SseSplitter splitter;
    bool finished = false;
    bool ended = false;
    for (std::size_t from = 0; const std::size_t size = splitter.Next(part.substr(from));
         from += size) {
      const std::string_view event = part.substr(from, size);
      if (SseData(event, scratch).empty()) continue;
      reader->Read(SseName(event), SseData(event, scratch), events);
    }
    for (const ir::Event& event : events) {
      finished |= event.type == ir::EventType::kFinish;
      ended |= event.type == ir::EventType::kEnd || event.type == ir::EventType::kError;
    }
    if (ended) break;
    events.clear();
    reader->AtEnd(events);
    for (const ir::Event& event : events) {
      const bool may_be_whole = finished && !format->has_end_marker();
      EXPECT_TRUE(event.type != ir::EventType::kEnd || may_be_whole)
          << "whole although cut at byte " << at;
    }
  }
}

// What a surface reads and the format of the same JSON writes is read as the same again, and no
// text that the client wrote is lost on the way.
TEST_P(RequestTranscriptTest, TheSameFormatLosesNothing) {
  if (c().Has("differs_on_purpose")) GTEST_SKIP() << c().Read("differs_on_purpose");
  const Surface* surface = FindSurface(c().owner);
  const ProviderFormat* format = NativeFormat(*surface);
  ASSERT_NE(format, nullptr);
  const std::string body = c().Read("request.in");
  const std::string first = WrittenBy(*format, *surface, setup_, body);
  const std::size_t head = first.find("\n\n") + 2;
  if (!first.starts_with("POST")) GTEST_SKIP() << "refused";
  if (first.substr(0, head).find("\nwarning ") != std::string::npos) {
    GTEST_SKIP() << "a warning says what is lost";
  }
  const std::string written = first.substr(head);
  ScannedRequest scan;
  ir::Request request;
  ir::Request again;
  ASSERT_FALSE(surface->Scan(body, setup_.call, scan).has_value());
  ASSERT_FALSE(surface->ReadRequest(body, setup_.call, scan, request).has_value());
  ASSERT_FALSE(surface->Scan(written, setup_.call, scan).has_value()) << written;
  ASSERT_FALSE(surface->ReadRequest(written, setup_.call, scan, again).has_value()) << written;
  EXPECT_EQ(Dump(request), Dump(again));
}

// The same for answers: what a format reads and the surface of the same JSON writes.
TEST_P(AnswerTranscriptTest, TheSameSurfaceLosesNothing) {
  if (c().Has("differs_on_purpose")) GTEST_SKIP() << c().Read("differs_on_purpose");
  const ProviderFormat* format = FindFormat(c().owner);
  for (const Surface* surface : Surfaces()) {
    if (NativeFormat(*surface) != format || surface->name() != format->name()) continue;
    const std::string answered = AnsweredBy(*surface, *format, setup_, c().Read("answer.in"));
    if (!answered.starts_with("{")) GTEST_SKIP() << "not an answer";
    const std::string body = answered.substr(0, answered.rfind("\nusage"));
    ir::Response response;
    ir::Response again;
    const std::string answer = c().Read("answer.in");
    ASSERT_TRUE(format->ReadResponse(answer, response));
    ASSERT_TRUE(format->ReadResponse(body.substr(0, body.rfind('}') + 1), again)) << body;
    EXPECT_EQ(Dump(response), Dump(again));
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, TranscriptTest, testing::ValuesIn(AllCases()), NameOf);
INSTANTIATE_TEST_SUITE_P(
    Streams, StreamTranscriptTest,
    testing::ValuesIn(CasesThat([](const Case& c) { return c.Has("stream.in"); })), NameOf);
INSTANTIATE_TEST_SUITE_P(
    Answers, AnswerTranscriptTest,
    testing::ValuesIn(CasesThat([](const Case& c) { return c.Has("answer.in"); })), NameOf);
INSTANTIATE_TEST_SUITE_P(Requests, RequestTranscriptTest,
                         testing::ValuesIn(CasesThat([](const Case& c) {
                           const Surface* surface =
                               c.side == "surface" ? FindSurface(c.owner) : nullptr;
                           return surface != nullptr && NativeFormat(*surface) != nullptr;
                         })),
                         NameOf);

}  // namespace
}  // namespace tollgate::dataplane
