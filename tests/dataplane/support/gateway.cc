#include "tests/dataplane/support/gateway.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "base/check.h"
#include "base/random.h"
#include "base/string_views.h"
#include "dataplane/snapshot/config_image.h"
#include "tests/dataplane/support/resources.h"

namespace tollgate::dataplane {
namespace {

constexpr int kClientTimeoutSeconds = 10;

}  // namespace

std::string ClientAnswer::Header(std::string_view name) const {
  const std::string line = absl::StrCat("\r\n", AbslView(name), ": ");
  const std::size_t at = ("\r\n" + head).find(line);
  if (at == std::string::npos) return "";
  const std::size_t start = at + line.size() - 2;
  return head.substr(start, head.find("\r\n", start) - start);
}

TestClient::TestClient(int port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval limit{kClientTimeoutSeconds, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  CHECK_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
}

TestClient::~TestClient() { Close(); }

void TestClient::Close() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
}

void TestClient::CloseSending() { ::shutdown(socket_, SHUT_WR); }

void TestClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;  // The answer, or its absence, will tell.
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool TestClient::More() {
  char bytes[65536];
  const ssize_t got = ::recv(socket_, bytes, sizeof(bytes), 0);
  if (got <= 0) return false;
  buffer_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

bool TestClient::AtEnd() { return buffer_.empty() && !More(); }

std::string TestClient::ReadUntil(std::string_view text) {
  while (buffer_.find(text) == std::string::npos) {
    if (!More()) break;
  }
  return buffer_;
}

ClientAnswer TestClient::ReadAnswer() {
  ClientAnswer answer;
  std::size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!More()) return answer;
  }
  answer.status = std::atoi(buffer_.c_str() + 9);
  const std::size_t line_end = buffer_.find("\r\n");
  answer.head = line_end == end ? "" : buffer_.substr(line_end + 2, end - line_end);
  buffer_.erase(0, end + 4);
  if (answer.status == 100) return answer;
  const std::string length = answer.Header("content-length");
  if (answer.Header("transfer-encoding") == "chunked") {
    for (;;) {
      std::size_t size_end;
      while ((size_end = buffer_.find("\r\n")) == std::string::npos) {
        if (!More()) return answer;
      }
      const std::size_t size = std::strtoul(buffer_.c_str(), nullptr, 16);
      while (buffer_.size() < size_end + 2 + size + 2) {
        if (!More()) return answer;
      }
      answer.body += buffer_.substr(size_end + 2, size);
      buffer_.erase(0, size_end + 2 + size + 2);
      if (size == 0) break;
    }
    answer.complete = true;
  } else if (!length.empty()) {
    const std::size_t size = std::strtoul(length.c_str(), nullptr, 10);
    while (buffer_.size() < size && More()) {
    }
    answer.complete = buffer_.size() >= size;
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
  } else {
    while (More()) {
    }
    answer.body.swap(buffer_);
    answer.complete = true;
  }
  return answer;
}

TestGateway::TestGateway(const std::string& p1_url, const std::string& p2_url,
                         GatewayOptions options)
    : options_(std::move(options)) {
  peppers_.emplace(*Peppers::Parse("1:" + std::string(64, '1'), "test"));
  SeededRandom random(7);
  key_ = std::string(GenerateApiKey(random).Reveal());
  identity_.emplace(*NodeIdentity::Begin(RealFileSystem(), dir_.File("node"), "boot",
                                         options_.durability, 1, SystemRandom()));
  SpoolOptions spool;
  spool.folder = dir_.File("spool");
  spool.segment_bytes = 1 << 20;
  spool.bytes_max = options_.spool_bytes_max;
  spool.durability = options_.durability;
  auto opened = Spool::Open(RealFileSystem(), SystemRandom(), *identity_, 1, spool);
  CHECK(opened.ok()) << opened.status();
  spool_ = *std::move(opened);
  recent_ = std::make_unique<RecentGenerations>(*spool_, 1000);
  table_ = *LeaseTable::Open(RealFileSystem(), dir_.File("leases"), 64, "boot");
  leases_ = std::make_unique<LeasePool>(*table_, RealClock(),
                                        LeasePoolOptions{.incarnation = identity_->incarnation()});
  leases_->SetWake([] {});
  leases_->SetConnected(true);
  wallet_ = leases_->Open("wallet/ws_1", "", true, absl::InfiniteFuture());
  // What is reserved elsewhere may come back; what is exhausted is all there is.
  const Money granted = Money::FromNanoUsd(options_.wallet_nano_usd);
  leases_->Grant(*wallet_, granted, MonotonicTime::InfiniteFuture(), options_.shortage,
                 options_.shortage == LeaseShortage::kReserved ? Money::Max() : granted);

  config::v1::Resource key = KeyResource("key_1", "ws_1");
  key.mutable_api_key()->set_digest(std::string(DigestView(*peppers_->Digest(1, key_))));
  SetIdentity(key);
  std::vector<config::v1::Resource> resources = {WorkspaceResource("ws_1"),
                                                 key,
                                                 ModelResource("acme/small"),
                                                 ModelResource("acme/big"),
                                                 AliasResource("cheap", {"acme/small"}),
                                                 AliasResource("small", {"acme/small"})};
  int number = 0;
  for (const std::string& url : {p1_url, p2_url}) {
    const std::string id = absl::StrCat("p", ++number);
    if (url.empty()) continue;
    resources.push_back(ProviderResource(id, catalog::v1::FORMAT_OPENAI_CHAT, url));
    resources.push_back(CredentialResource(
        "cred_" + id, id, "", 0,
        options_.exact_credential ? options_.credential : options_.credential + id));
    resources.push_back(OfferingResource(id, "acme/small"));
    if (id == "p1") resources.push_back(OfferingResource(id, "acme/big"));
  }
  if (options_.publish) Publish(resources);

  auto roots = TrustedRoots::Load(options_.upstream_ca_file);
  CHECK(roots.ok()) << roots.status();
  upstream_roots_ = *std::move(roots);
  const WorkerShared shared{
      .clock = &RealClock(),
      .snapshots = &holder_,
      .peppers = &*peppers_,
      .cooldowns = &cooldowns_,
      .rates = &rates_,
      .leases = leases_.get(),
      .spool = spool_.get(),
      .recent = recent_.get(),
      .ledger = options_.ledger,
      .access_log = &access_log_,
      .tls = options_.tls,
      .timeouts = &options_.timeouts,
      .pipeline = &options_.pipeline,
      .upstream_idle_timeout = absl::Seconds(30),
      .upstream_roots = upstream_roots_.get(),
      .fetch_guard = options_.fetch_guard,
  };
  worker_ = std::make_unique<Worker>(shared, 0);
  CHECK(worker_->Listen({options_.host, 0}, true).ok());
  worker_->Start();
}

TestGateway::~TestGateway() {
  worker_->Drain();
  worker_->StopRequests();
  worker_->Join();
}

void TestGateway::Publish(const std::vector<config::v1::Resource>& resources) {
  for (const config::v1::Resource& resource : resources) resources_[resource.key()] = resource;
  ConfigImage image(TestSealer());
  for (const auto& [key, resource] : resources_) {
    const absl::Status status = image.Upsert(resource);
    CHECK(status.ok()) << status;
  }
  auto snapshot = image.Finish({1, ++revision_});
  CHECK(snapshot.ok()) << snapshot.status();
  holder_.Publish(*std::move(snapshot));
}

void TestGateway::Unpublish(const config::v1::Resource& resource) {
  CHECK(resources_.erase(resource.key()) == 1) << resource.key();
  Publish({});
}

std::string TestGateway::AddKey(const std::string& id, const std::string& workspace) {
  const std::string secret(GenerateApiKey(SystemRandom()).Reveal());
  config::v1::Resource key = KeyResource(id, workspace);
  key.mutable_api_key()->set_digest(std::string(DigestView(*peppers_->Digest(1, secret))));
  SetIdentity(key);
  Publish({WorkspaceResource(workspace), key});
  return secret;
}

void TestGateway::SetProviders(const std::function<void(config::v1::Provider&)>& change) {
  std::vector<config::v1::Resource> changed;
  for (auto& [key, resource] : resources_) {
    if (!resource.has_provider()) continue;
    change(*resource.mutable_provider());
    SetIdentity(resource);
    changed.push_back(resource);
  }
  Publish(changed);
}

void TestGateway::SetProviderLimits(
    const std::function<void(config::v1::ProviderLimits&)>& change) {
  SetProviders([&](config::v1::Provider& provider) { change(*provider.mutable_limits()); });
}

std::string TestGateway::Post(std::string_view body, std::string_view extra_lines) const {
  return absl::StrCat(
      "POST /v1/chat/completions HTTP/1.1\r\nHost: gateway\r\nAuthorization: Bearer ", key_,
      "\r\nContent-Type: application/json\r\nContent-Length: ", body.size(), "\r\n",
      AbslView(extra_lines), "\r\n", AbslView(body));
}

std::string TestGateway::Get(std::string_view target, bool with_key) const {
  return absl::StrCat(
      "GET ", AbslView(target), " HTTP/1.1\r\nHost: gateway\r\n",
      with_key ? absl::StrCat("Authorization: Bearer ", key_, "\r\n") : std::string(), "\r\n");
}

ClientAnswer TestGateway::Call(std::string_view request) const {
  TestClient client(port());
  client.Send(request);
  return client.ReadAnswer();
}

std::vector<usage::v1::UsageRecord> TestGateway::Records(const std::string& generation_id,
                                                         std::size_t count) {
  std::vector<usage::v1::UsageRecord> records;
  for (int i = 0; i < 500; ++i) {
    records.clear();
    for (const std::string& serialized : recent_->Find(generation_id)) {
      CHECK(records.emplace_back().ParseFromString(serialized));
    }
    if (records.size() >= count) break;
    absl::SleepFor(absl::Milliseconds(10));
  }
  return records;
}

std::int64_t TestGateway::WalletLeft() {
  for (int i = 0; i < 500; ++i) {
    const AccountView view = leases_->View(*wallet_);
    if (!view.holds_in_flight) return view.remaining.nano_usd();
    absl::SleepFor(absl::Milliseconds(10));
  }
  return -1;
}

}  // namespace tollgate::dataplane
