#include "catalog/service/catalog_service.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/error_map.h"
#include "base/log.h"
#include "base/status_macros.h"
#include "base/status_reason.h"
#include "base/string_views.h"
#include "catalog/price/price_version.h"
#include "catalog/service/watch_reactor.h"
#include "catalog/wire/facts_proto.h"

namespace tollgate::catalog {
namespace {

grpc::ServerUnaryReactor* Answer(grpc::CallbackServerContext* context, const absl::Status& status) {
  grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
  reactor->Finish(ToGrpc(status));
  return reactor;
}

absl::Status NotFound(std::string_view kind, std::string_view id) {
  constexpr std::size_t kShownMax = 200;
  return ErrorWithReason(
      absl::StatusCode::kNotFound, "NOT_FOUND",
      absl::StrCat("there is no ", AbslView(kind), " '", AbslView(id.substr(0, kShownMax)), "'"));
}

// A page of a map by id.  The token is the encoded id of the last item of the page before.
struct Page {
  std::size_t size = 0;
  std::string after;
};

template <typename Request>
absl::StatusOr<Page> ReadPage(const Request& request) {
  if (request.page_size() < 0) {
    return absl::InvalidArgumentError("page_size must be at least 0");
  }
  Page page;
  page.size = static_cast<std::size_t>(
      request.page_size() == 0 ? kPageSizeDefault : std::min(request.page_size(), kPageSizeMax));
  const absl::StatusOr<std::string> after = Base64Decode(request.page_token());
  if (!after.ok()) {
    return absl::InvalidArgumentError(
        "page_token is not one that this method returned; begin again without it");
  }
  page.after = *after;
  return page;
}

// Calls `add` for the items of the page that `wanted` accepts; the token of the next page.
template <typename Fact, typename Wanted, typename Add>
std::string FillPage(const std::map<std::string, Fact, std::less<>>& facts, const Page& page,
                     Wanted wanted, Add add) {
  std::size_t filled = 0;
  std::string last;
  for (auto at = facts.upper_bound(page.after); at != facts.end(); ++at) {
    if (!wanted(at->second)) continue;
    if (filled == page.size) return Base64Encode(last);
    add(at->second);
    last = at->first;
    ++filled;
  }
  return "";
}

constexpr auto kAll = [](const auto&) { return true; };

}  // namespace

CatalogService::CatalogService(CatalogBook& book, const Clock& clock,
                               std::vector<Sha256Digest> admin_tokens)
    : book_(book), clock_(clock), admin_(std::move(admin_tokens)) {}

CatalogService::~CatalogService() {
  absl::MutexLock lock(&watchers_mutex_);
  CHECK(watchers_.empty()) << "the service was destroyed before its streams";
}

grpc::ServerUnaryReactor* CatalogService::ListModels(grpc::CallbackServerContext* context,
                                                     const v1::ListModelsRequest* request,
                                                     v1::ListModelsResponse* response) {
  const absl::StatusOr<Page> page = ReadPage(*request);
  if (!page.ok()) return Answer(context, page.status());
  const auto snapshot = book_.snapshot();
  response->set_next_page_token(
      FillPage(snapshot->state.models, *page, kAll,
               [&](const Model& model) { *response->add_models() = ToProto(model); }));
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* CatalogService::GetModel(grpc::CallbackServerContext* context,
                                                   const v1::GetModelRequest* request,
                                                   v1::Model* response) {
  const auto snapshot = book_.snapshot();
  const auto found = snapshot->state.models.find(request->id());
  if (found == snapshot->state.models.end()) {
    return Answer(context, NotFound("model", request->id()));
  }
  *response = ToProto(found->second);
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* CatalogService::ListProviders(grpc::CallbackServerContext* context,
                                                        const v1::ListProvidersRequest* request,
                                                        v1::ListProvidersResponse* response) {
  const absl::StatusOr<Page> page = ReadPage(*request);
  if (!page.ok()) return Answer(context, page.status());
  const auto snapshot = book_.snapshot();
  response->set_next_page_token(
      FillPage(snapshot->state.providers, *page, kAll,
               [&](const Provider& provider) { *response->add_providers() = ToProto(provider); }));
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* CatalogService::ListOfferings(grpc::CallbackServerContext* context,
                                                        const v1::ListOfferingsRequest* request,
                                                        v1::ListOfferingsResponse* response) {
  const absl::StatusOr<Page> page = ReadPage(*request);
  if (!page.ok()) return Answer(context, page.status());
  const auto snapshot = book_.snapshot();
  const absl::Time now = clock_.Wall();
  const auto wanted = [&](const Offering& offering) {
    return (request->model_id().empty() || offering.model_id == request->model_id()) &&
           (request->provider_id().empty() || offering.provider_id == request->provider_id());
  };
  response->set_next_page_token(
      FillPage(snapshot->state.offerings, *page, wanted, [&](Offering offering) {
        offering.price_versions = CurrentAndAnnounced(offering.price_versions, now);
        *response->add_offerings() = ToProto(offering);
      }));
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* CatalogService::GetPriceVersion(grpc::CallbackServerContext* context,
                                                          const v1::GetPriceVersionRequest* request,
                                                          pricing::v1::PriceVersion* response) {
  const auto snapshot = book_.snapshot();
  const auto found = snapshot->state.price_versions.find(request->id());
  if (found == snapshot->state.price_versions.end()) {
    return Answer(context, NotFound("price version", request->id()));
  }
  *response = ToProto(found->second);
  return Answer(context, absl::OkStatus());
}

grpc::ServerUnaryReactor* CatalogService::Import(grpc::CallbackServerContext* context,
                                                 const v1::ImportRequest* request,
                                                 v1::ImportResponse* response) {
  return Answer(context, DoImport(*context, *request, *response));
}

absl::Status CatalogService::DoImport(const grpc::CallbackServerContext& context,
                                      const v1::ImportRequest& request,
                                      v1::ImportResponse& response) {
  TG_RETURN_IF_ERROR(admin_.Check(context));
  const absl::StatusOr<Facts> facts = FromProto(request.facts());
  if (!facts.ok()) {
    return ErrorWithReason(absl::StatusCode::kInvalidArgument, "INVALID_FACT",
                           StdView(facts.status().message()));
  }
  TG_ASSIGN_OR_RETURN(
      const Change change,
      book_.Import(*facts, request.dry_run() ? ImportMode::kDryRun : ImportMode::kApply));
  response.set_created(change.created);
  response.set_updated(change.updated);
  response.set_price_versions_created(static_cast<std::int32_t>(change.price_versions.size()));
  if (!request.dry_run() && !change.empty()) {
    LogEvent(LogLevel::kInfo, "catalog_imported",
             {{"created", change.created},
              {"updated", change.updated},
              {"price_versions_created", change.price_versions.size()}});
  }
  return absl::OkStatus();
}

grpc::ServerWriteReactor<v1::WatchResponse>* CatalogService::Watch(
    grpc::CallbackServerContext* /*context*/, const v1::WatchRequest* request) {
  auto* watcher =
      new WatchReactor(*this, {request->provider_ids().begin(), request->provider_ids().end()});
  absl::Status refused;
  {
    absl::MutexLock lock(&watchers_mutex_);
    if (stopped_) {
      refused = absl::UnavailableError("the catalog is stopping");
    } else if (watchers_.size() >= kWatchersMax) {
      refused = absl::ResourceExhaustedError("too many watchers; try again later");
    } else if (request->provider_ids_size() > kWatchedProvidersMax) {
      refused = absl::InvalidArgumentError("a Watch may name at most 1,000 providers");
    }
    watchers_.insert(watcher);
  }
  // gRPC calls nothing of the reactor before this function has returned, so it is still there.
  if (refused.ok()) {
    watcher->Start();
  } else {
    watcher->End(refused);
  }
  return watcher;
}

void CatalogService::Stop() {
  absl::MutexLock lock(&watchers_mutex_);
  stopped_ = true;
  for (WatchReactor* watcher : watchers_) {
    watcher->End(absl::UnavailableError("the catalog is stopping; watch again"));
  }
}

void CatalogService::Forget(WatchReactor* watcher) {
  absl::MutexLock lock(&watchers_mutex_);
  watchers_.erase(watcher);
}

}  // namespace tollgate::catalog
