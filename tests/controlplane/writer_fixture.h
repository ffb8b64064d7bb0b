// A writer over a store in memory, for tests, and the calls that most of them make.
#ifndef TOLLGATE_TESTS_CONTROLPLANE_WRITER_FIXTURE_H_
#define TOLLGATE_TESTS_CONTROLPLANE_WRITER_FIXTURE_H_

#include <memory>
#include <string>
#include <utility>

#include "base/check.h"
#include "base/random.h"
#include "controlplane/resource/reflect.h"
#include "controlplane/store/memory_store.h"
#include "controlplane/writer/config_writer.h"
#include "tests/support/fake_clock.h"
#include "tollgate/catalog/v1/catalog.pb.h"

namespace tollgate::controlplane {

// Everything that a ConfigWriter needs; Reopen() is a restart of the process.
class WriterWorld {
 public:
  WriterWorld()
      : peppers_(*Peppers::Parse("1:" + std::string(64, 'a'), "peppers")),
        sealer_(*Sealer::Create(Secret(std::string(32, 'k')), random_)) {
    Reopen();
  }

  void Reopen(ConfigWriterOptions options = {}) {
    writer_.reset();
    absl::StatusOr<std::unique_ptr<ConfigWriter>> opened = ConfigWriter::Open(
        {.store = store, .peppers = peppers_, .sealer = sealer_, .clock = clock, .random = random_},
        options);
    CHECK(opened.ok()) << opened.status();
    writer_ = *std::move(opened);
  }

  ConfigWriter& writer() { return *writer_; }
  const Peppers& peppers() const { return peppers_; }
  const Sealer& sealer() const { return sealer_; }

  static Caller By(std::string request_id, std::string contents = "same") {
    return {.actor = "alice",
            .method = "tollgate.admin.v1.TestService/Test",
            .request_id = std::move(request_id),
            .contents = std::move(contents)};
  }

  absl::StatusOr<Answer> Create(KindId kind, const Message& resource,
                                const Caller& caller = By("")) {
    return writer_->Create(caller, KindOf(kind), resource);
  }
  absl::StatusOr<Answer> Update(KindId kind, const Message& patch,
                                const std::vector<std::string>& paths = {},
                                const Caller& caller = By("")) {
    google::protobuf::FieldMask mask;
    for (const std::string& path : paths) mask.add_paths(path);
    return writer_->Update(caller, KindOf(kind), patch, mask);
  }
  absl::StatusOr<Answer> Delete(KindId kind, const std::string& id, const std::string& etag = "") {
    return writer_->Delete(By(""), KindOf(kind), id, etag);
  }

  // org_1, ws_1 and, in it, key_1.
  void CreateBasics() {
    admin::v1::Organization organization;
    organization.set_id("org_1");
    CHECK(Create(KindId::kOrganization, organization).ok());
    admin::v1::Workspace workspace;
    workspace.set_id("ws_1");
    workspace.set_organization_id("org_1");
    CHECK(Create(KindId::kWorkspace, workspace).ok());
    CHECK(Create(KindId::kKey, MakeKey("key_1")).ok());
  }

  static admin::v1::Key MakeKey(const std::string& id) {
    admin::v1::Key key;
    key.set_id(id);
    key.set_workspace_id("ws_1");
    return key;
  }

  static admin::v1::Credential MakeCredential(const std::string& id, const std::string& provider_id,
                                              const std::string& secret = "sk-provider-secret") {
    admin::v1::Credential credential;
    credential.set_id(id);
    credential.set_provider_id(provider_id);
    credential.set_secret(secret);
    return credential;
  }

  MemoryStore store;
  FakeClock clock;

 private:
  SeededRandom random_{7};
  Peppers peppers_;
  Sealer sealer_;
  std::unique_ptr<ConfigWriter> writer_;
};

// Adds a provider that sells one model to the facts.
inline void AddFacts(catalog::v1::Facts& facts, const std::string& provider_id,
                     std::int64_t price_pico_usd = 1'000'000) {
  const std::string model_id = "vendor/" + provider_id;
  facts.add_models()->set_id(model_id);
  catalog::v1::Provider& provider = *facts.add_providers();
  provider.set_id(provider_id);
  provider.set_display_name("From the catalog");
  provider.set_format(catalog::v1::FORMAT_OPENAI_CHAT);
  provider.set_base_url("https://" + provider_id + ".example.com/v1");
  catalog::v1::Offering& offering = *facts.add_offerings();
  offering.set_id(provider_id + ":" + model_id);
  offering.set_model_id(model_id);
  offering.set_provider_id(provider_id);
  offering.set_provider_model_id("m");
  pricing::v1::PriceVersion& version = *offering.add_price_versions();
  version.set_id("pv_" + std::to_string(price_pico_usd));
  pricing::v1::PriceComponent& component = *version.add_components();
  component.set_unit(pricing::v1::UNIT_TOKEN);
  component.set_direction(pricing::v1::DIRECTION_INPUT);
  component.set_modality(pricing::v1::MODALITY_TEXT);
  component.set_cache(pricing::v1::CACHE_CLASS_NONE);
  component.set_tier(pricing::v1::SERVICE_TIER_STANDARD);
  component.set_price_pico_usd_per_unit(price_pico_usd);
}

}  // namespace tollgate::controlplane

#endif  // TOLLGATE_TESTS_CONTROLPLANE_WRITER_FIXTURE_H_
