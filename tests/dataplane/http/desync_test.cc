// Requests that two parsers could read in two ways: each must be refused, whole and cut at any byte
// (reliability: H-01).  The classes are those of http-garden, llhttp and PortSwigger.
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "dataplane/http/body_reader.h"
#include "dataplane/http/input_buffer.h"
#include "dataplane/http/request_head.h"
#include "gtest/gtest.h"

namespace tollgate::dataplane {
namespace {

enum class Verdict { kRefused, kWaiting, kTaken };

// Feeds bytes as a connection would: the head first, then the body in place.
class Reader {
 public:
  void Feed(std::string_view bytes) {
    buffer_.Reserve(bytes.size());
    bytes.copy(buffer_.free_space(), bytes.size());
    buffer_.Commit(bytes.size());
    if (verdict_ == Verdict::kWaiting) Step();
  }

  Verdict verdict() const { return verdict_; }
  std::string body() const { return std::string(buffer_.view().substr(0, reader_.decoded())); }
  std::string rest() const { return std::string(buffer_.view().substr(reader_.decoded())); }

 private:
  void Step() {
    if (!in_body_) {
      switch (end_.Find(buffer_.view())) {
        case HeadProgress::kIncomplete:
          return;
        case HeadProgress::kComplete:
          break;
        default:
          verdict_ = Verdict::kRefused;
          return;
      }
      const std::size_t size = end_.head_bytes();
      if (ParseRequestHead(buffer_.view().substr(0, size), head_) != HeadError::kNone) {
        verdict_ = Verdict::kRefused;
        return;
      }
      buffer_.Consume(size);
      in_body_ = true;
      reader_ = BodyReader(head_.chunked              ? BodyFraming::kChunked
                           : head_.content_length > 0 ? BodyFraming::kLength
                                                      : BodyFraming::kNone,
                           head_.content_length, 1 << 20);
    }
    switch (reader_.Decode(buffer_)) {
      case BodyState::kMore:
        return;
      case BodyState::kDone:
        verdict_ = Verdict::kTaken;
        return;
      default:
        verdict_ = Verdict::kRefused;
    }
  }

  InputBuffer buffer_;
  HeadEnd end_;
  RequestHead head_;
  bool in_body_ = false;
  BodyReader reader_{BodyFraming::kNone, 0, 0};
  Verdict verdict_ = Verdict::kWaiting;
};

struct Case {
  const char* name;
  std::string bytes;
};

// `line` is a whole field line, or several.
std::string With(std::string_view lines, std::string_view body) {
  return absl::StrCat("POST / HTTP/1.1\r\nHost: a\r\n",
                      absl::string_view(lines.data(), lines.size()), "\r\n",
                      absl::string_view(body.data(), body.size()));
}

std::string Raw(std::string_view bytes) { return std::string(bytes); }

using namespace std::string_view_literals;

const Case kRefused[] = {
    // Framing given twice, or in two ways.
    {"cl_te", With("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"te_cl", With("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", "0\r\n\r\n")},
    {"cl_cl_same", With("Content-Length: 1\r\nContent-Length: 1\r\n", "x")},
    {"cl_cl_different", With("Content-Length: 1\r\nContent-Length: 2\r\n", "xx")},
    {"cl_list", With("Content-Length: 1, 1\r\n", "x")},
    {"te_te", With("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n")},
    {"te_te_identity",
     With("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "0\r\n\r\n")},
    // Content-Length that is no plain number.
    {"cl_plus", With("Content-Length: +1\r\n", "x")},
    {"cl_minus", With("Content-Length: -1\r\n", "x")},
    {"cl_hex", With("Content-Length: 0x1\r\n", "x")},
    {"cl_empty", With("Content-Length:\r\n", "x")},
    {"cl_blank_within", With("Content-Length: 1 0\r\n", "0123456789")},
    {"cl_letters", With("Content-Length: 1a\r\n", "x")},
    {"cl_fraction", With("Content-Length: 1.0\r\n", "x")},
    {"cl_huge", With("Content-Length: 18446744073709551617\r\n", "x")},
    {"cl_underscore", With("Content-Length: 1_0\r\n", "0123456789")},
    {"cl_quoted", With("Content-Length: \"1\"\r\n", "x")},
    {"cl_vertical_tab", With("Content-Length: \x0b"
                             "1\r\n",
                             "x")},
    {"cl_nbsp", With("Content-Length: \xa0"
                     "1\r\n",
                     "x")},
    // Transfer-Encoding other than exactly `chunked`.
    {"te_gzip", With("Transfer-Encoding: gzip\r\n", "x")},
    {"te_gzip_cl", With("Transfer-Encoding: gzip\r\nContent-Length: 1\r\n", "x")},
    {"te_identity", With("Transfer-Encoding: identity\r\n", "x")},
    {"te_unknown", With("Transfer-Encoding: blegh\r\n", "x")},
    {"te_comma_before", With("Transfer-Encoding: ,chunked\r\n", "0\r\n\r\n")},
    {"te_comma_after", With("Transfer-Encoding: chunked,\r\n", "0\r\n\r\n")},
    {"te_twice_in_list", With("Transfer-Encoding: chunked, chunked\r\n", "0\r\n\r\n")},
    {"te_gzip_chunked", With("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n")},
    {"te_chunked_gzip", With("Transfer-Encoding: chunked, gzip\r\n", "0\r\n\r\n")},
    {"te_nbsp", With("Transfer-Encoding: \xa0"
                     "chunked\xa0\r\n",
                     "0\r\n\r\n")},
    {"te_quoted", With("Transfer-Encoding: \"chunked\"\r\n", "0\r\n\r\n")},
    {"te_parameter", With("Transfer-Encoding: chunked;q=1\r\n", "0\r\n\r\n")},
    {"te_xchunked", With("Transfer-Encoding: xchunked\r\n", "0\r\n\r\n")},
    {"te_empty", With("Transfer-Encoding:\r\n", "0\r\n\r\n")},
    {"te_vertical_tab", With("Transfer-Encoding: \x0b"
                             "chunked\r\n",
                             "0\r\n\r\n")},
    {"te_nul",
     Raw("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\0\r\n\r\n0\r\n\r\n"sv)},
    {"te_on_http_1_0",
     Raw("POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")},
    // Field lines.
    {"blank_before_colon", With("Transfer-Encoding : chunked\r\n", "0\r\n\r\n")},
    {"tab_before_colon", With("Content-Length\t: 1\r\n", "x")},
    {"fold", With("X: a\r\n b\r\n", "")},
    {"fold_te", With("Transfer-Encoding:\r\n chunked\r\n", "0\r\n\r\n")},
    {"fold_first", Raw("POST / HTTP/1.1\r\n Host: a\r\n\r\n")},
    {"no_colon", With("Content-Length 1\r\n", "x")},
    {"empty_name", With(": x\r\n", "")},
    {"name_with_paren", With("X(a): b\r\n", "")},
    {"name_nul", Raw("POST / HTTP/1.1\r\nHost: a\r\nX\0Y: b\r\n\r\n"sv)},
    {"name_latin1", With("X\xe9: b\r\n", "")},
    {"value_nul", Raw("POST / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n"sv)},
    {"value_cr", With("X: b\rTransfer-Encoding: chunked\r\n", "")},
    {"value_bell", With("X: b\x07\r\n", "")},
    {"value_del", With("X: b\x7f\r\n", "")},
    {"bare_lf_line", Raw("POST / HTTP/1.1\nHost: a\r\n\r\n")},
    {"bare_lf_field", Raw("POST / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n")},
    {"bare_lf_end", Raw("POST / HTTP/1.1\r\nHost: a\r\n\n")},
    {"lf_cr", Raw("POST / HTTP/1.1\n\rHost: a\r\n\r\n")},
    // Host.
    {"no_host", Raw("GET / HTTP/1.1\r\n\r\n")},
    {"two_hosts", Raw("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n")},
    {"empty_host", Raw("GET / HTTP/1.1\r\nHost:\r\n\r\n")},
    {"host_slash", Raw("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n")},
    {"host_question", Raw("GET / HTTP/1.1\r\nHost: a?b\r\n\r\n")},
    {"host_hash", Raw("GET / HTTP/1.1\r\nHost: a#b\r\n\r\n")},
    {"host_at", Raw("GET / HTTP/1.1\r\nHost: u@a\r\n\r\n")},
    {"host_port_junk", Raw("GET / HTTP/1.1\r\nHost: a:80x\r\n\r\n")},
    {"host_port_large", Raw("GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n")},
    {"host_list", Raw("GET / HTTP/1.1\r\nHost: a, b\r\n\r\n")},
    {"host_blank", Raw("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")},
    {"absolute_differs", Raw("GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"absolute_user", Raw("GET http://u@a/ HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"absolute_scheme", Raw("GET file://a/ HTTP/1.1\r\nHost: a\r\n\r\n")},
    // Request lines.
    {"two_blanks", Raw("GET  / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"tab_in_line", Raw("GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"no_version", Raw("GET /\r\nHost: a\r\n\r\n")},
    {"version_0_9", Raw("GET / HTTP/0.9\r\nHost: a\r\n\r\n")},
    {"version_1_2", Raw("GET / HTTP/1.2\r\nHost: a\r\n\r\n")},
    {"version_11", Raw("GET / HTTP/11\r\nHost: a\r\n\r\n")},
    {"version_lower", Raw("GET / http/1.1\r\nHost: a\r\n\r\n")},
    {"version_spaced", Raw("GET / HTTP/ 1.1\r\nHost: a\r\n\r\n")},
    {"http_2_preface", Raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")},
    {"blank_first", Raw(" GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"method_paren", Raw("G(T / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"blank_in_target", Raw("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"latin1_in_target", Raw("GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"fragment", Raw("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"connect", Raw("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"two_empty_lines_first", Raw("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    // Chunks.
    {"chunk_bare_lf", With("Transfer-Encoding: chunked\r\n", "1\nx\r\n0\r\n\r\n")},
    {"chunk_data_bare_lf", With("Transfer-Encoding: chunked\r\n", "1\r\nx\n0\r\n\r\n")},
    {"chunk_hex_prefix", With("Transfer-Encoding: chunked\r\n", "0x1\r\nx\r\n0\r\n\r\n")},
    {"chunk_plus", With("Transfer-Encoding: chunked\r\n", "+1\r\nx\r\n0\r\n\r\n")},
    {"chunk_minus", With("Transfer-Encoding: chunked\r\n", "-1\r\nx\r\n0\r\n\r\n")},
    {"chunk_blank_before", With("Transfer-Encoding: chunked\r\n", " 1\r\nx\r\n0\r\n\r\n")},
    {"chunk_blank_after", With("Transfer-Encoding: chunked\r\n", "1 \r\nx\r\n0\r\n\r\n")},
    {"chunk_empty_size", With("Transfer-Encoding: chunked\r\n", "\r\nx\r\n0\r\n\r\n")},
    {"chunk_overflow",
     With("Transfer-Encoding: chunked\r\n", "10000000000000001\r\nx\r\n0\r\n\r\n")},
    {"chunk_too_long", With("Transfer-Encoding: chunked\r\n", "1\r\nxy\r\n0\r\n\r\n")},
    {"chunk_extension_cr", With("Transfer-Encoding: chunked\r\n", "1;a\rb\r\nx\r\n0\r\n\r\n")},
    {"chunk_extension_lf", With("Transfer-Encoding: chunked\r\n", "1;a\nx\r\n0\r\n\r\n")},
    {"chunk_underscore",
     With("Transfer-Encoding: chunked\r\n", "1_0\r\n0123456789abcdef\r\n0\r\n\r\n")},
    {"trailer_fold", With("Transfer-Encoding: chunked\r\n", "0\r\nX: a\r\n b\r\n\r\n")},
    {"trailer_no_colon", With("Transfer-Encoding: chunked\r\n", "0\r\nGET / HTTP/1.1\r\n\r\n")},
    {"trailer_nul",
     Raw("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: \0\r\n\r\n"sv)},
    // Others.
    {"two_authorizations", With("Authorization: Bearer a\r\nAuthorization: Bearer b\r\n", "")},
    {"expectation", With("Expect: 200-ok\r\n", "")},
    {"gzip_body", With("Content-Encoding: gzip\r\nContent-Length: 1\r\n", "x")},
};

const Case kTaken[] = {
    {"get", Raw("GET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"get_host_port", Raw("GET / HTTP/1.1\r\nHost: a.example:8080\r\n\r\n")},
    {"get_host_ipv6", Raw("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n")},
    {"absolute_same", Raw("GET http://A.example/x HTTP/1.1\r\nHost: a.example\r\n\r\n")},
    {"empty_line_first", Raw("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")},
    {"length", With("Content-Length: 3\r\n", "abc")},
    {"length_zero", With("Content-Length: 0\r\n", "")},
    {"length_blanks_around", With("Content-Length: \t3 \r\n", "abc")},
    {"length_lower", With("content-length:3\r\n", "abc")},
    {"chunked", With("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n")},
    {"chunked_case", With("transfer-encoding: CHUNKED\r\n", "3\r\nabc\r\n0\r\n\r\n")},
    {"chunk_extension",
     With("Transfer-Encoding: chunked\r\n", "3;a=\"b c\"\r\nabc\r\n0;x\r\n\r\n")},
    {"chunk_leading_zeros", With("Transfer-Encoding: chunked\r\n", "0003\r\nabc\r\n000\r\n\r\n")},
    {"trailers",
     With("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\nAuthorization: Bearer x\r\n\r\n")},
    {"http_1_0", Raw("POST / HTTP/1.0\r\nContent-Length: 3\r\n\r\nabc")},
    {"value_latin1", With("X: caf\xe9\r\nContent-Length: 0\r\n", "")},
    {"empty_value", With("X:\r\nContent-Length: 0\r\n", "")},
};

TEST(DesyncTest, EveryAmbiguousRequestIsRefusedAtAnyCut) {
  int count = 0;
  for (const Case& c : kRefused) {
    ++count;
    for (std::size_t cut = 0; cut < c.bytes.size(); ++cut) {
      Reader reader;
      reader.Feed(std::string_view(c.bytes).substr(0, cut));
      reader.Feed(std::string_view(c.bytes).substr(cut));
      EXPECT_EQ(reader.verdict(), Verdict::kRefused) << c.name << " cut at " << cut;
    }
    Reader bytewise;
    for (const char byte : c.bytes) bytewise.Feed({&byte, 1});
    EXPECT_EQ(bytewise.verdict(), Verdict::kRefused) << c.name << " byte by byte";
  }
  EXPECT_GE(count, 70);
}

TEST(DesyncTest, EveryPlainRequestIsTakenAtAnyCut) {
  const std::string next = "GET /next HTTP/1.1\r\n";
  for (const Case& c : kTaken) {
    const std::string bytes = c.bytes + next;
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
      Reader reader;
      reader.Feed(std::string_view(bytes).substr(0, cut));
      reader.Feed(std::string_view(bytes).substr(cut));
      EXPECT_EQ(reader.verdict(), Verdict::kTaken) << c.name << " cut at " << cut;
      EXPECT_TRUE(reader.body().empty() || reader.body() == "abc") << c.name;
      EXPECT_EQ(reader.rest(), next) << c.name << " cut at " << cut;
    }
  }
}

TEST(DesyncTest, LimitsOfAHead) {
  HeadEnd end;
  EXPECT_EQ(end.Find(std::string(kHeadBytesMax + 1, 'a')), HeadProgress::kTooLarge);
  std::string fields = "GET / HTTP/1.1\r\n";
  for (std::size_t i = 0; i < kHeadFieldsMax; ++i) fields += "a: b\r\n";
  HeadEnd enough;
  EXPECT_EQ(enough.Find(fields + "\r\n"), HeadProgress::kComplete);
  HeadEnd many;
  EXPECT_EQ(many.Find(fields + "a: b\r\n\r\n"), HeadProgress::kTooManyFields);
}

TEST(DesyncTest, FramingCountsAgainstTheBody) {
  // Ten bytes of body in fifty on the wire.
  InputBuffer buffer;
  std::string chunks;
  for (int i = 0; i < 10; ++i) chunks += "1\r\nx\r\n";
  chunks.copy(buffer.free_space(), chunks.size());
  buffer.Commit(chunks.size());
  BodyReader reader(BodyFraming::kChunked, 0, 50);
  EXPECT_EQ(reader.Decode(buffer), BodyState::kTooLarge);

  InputBuffer extension;
  const std::string line = "1;" + std::string(kChunkExtensionBytesMax + 1, 'a');
  line.copy(extension.free_space(), line.size());
  extension.Commit(line.size());
  BodyReader strict(BodyFraming::kChunked, 0, 1 << 20);
  EXPECT_EQ(strict.Decode(extension), BodyState::kBad);
}

}  // namespace
}  // namespace tollgate::dataplane
