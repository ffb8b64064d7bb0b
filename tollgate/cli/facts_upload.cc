#include "tollgate/cli/facts_upload.h"

#include "absl/time/time.h"
#include "base/status_macros.h"

namespace tollgate::cli {
namespace {

using catalog::v1::Facts;
using catalog::v1::ImportRequest;
using catalog::v1::ImportResponse;

// A merge of thousands of offerings and a synced write.
constexpr absl::Duration kImportTimeout = absl::Seconds(60);

class Upload {
 public:
  Upload(bool dry_run, const RpcClient& rpc) : rpc_(rpc) { request_.set_dry_run(dry_run); }

  // Adds a fact to the list that `mutable_list` names.
  template <typename Fact>
  absl::Status Add(const Fact& fact,
                   google::protobuf::RepeatedPtrField<Fact>* (Facts::*mutable_list)()) {
    const std::size_t size = fact.ByteSizeLong();
    if (bytes_ > 0 && bytes_ + size > kFactsBytesPerRequest) TG_RETURN_IF_ERROR(Send());
    bytes_ += size;
    *(request_.mutable_facts()->*mutable_list)()->Add() = fact;
    return absl::OkStatus();
  }

  absl::Status Send() {
    if (bytes_ == 0) return absl::OkStatus();
    ImportResponse response;
    TG_RETURN_IF_ERROR(
        rpc_.Call("tollgate.catalog.v1.CatalogService/Import", request_, response, kImportTimeout));
    total_.set_created(total_.created() + response.created());
    total_.set_updated(total_.updated() + response.updated());
    total_.set_price_versions_created(total_.price_versions_created() +
                                      response.price_versions_created());
    request_.clear_facts();
    bytes_ = 0;
    return absl::OkStatus();
  }

  const ImportResponse& total() const { return total_; }

 private:
  const RpcClient& rpc_;
  ImportRequest request_;
  ImportResponse total_;
  std::size_t bytes_ = 0;
};

}  // namespace

absl::StatusOr<ImportResponse> UploadFacts(const Facts& facts, bool dry_run,
                                           const RpcClient& catalog) {
  Upload upload(dry_run, catalog);
  for (const auto& provider : facts.providers()) {
    TG_RETURN_IF_ERROR(upload.Add(provider, &Facts::mutable_providers));
  }
  for (const auto& model : facts.models()) {
    TG_RETURN_IF_ERROR(upload.Add(model, &Facts::mutable_models));
  }
  for (const auto& offering : facts.offerings()) {
    TG_RETURN_IF_ERROR(upload.Add(offering, &Facts::mutable_offerings));
  }
  TG_RETURN_IF_ERROR(upload.Send());
  return upload.total();
}

}  // namespace tollgate::cli
