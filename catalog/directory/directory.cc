#include "catalog/directory/directory.h"

#include <algorithm>
#include <cctype>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/digest.h"
#include "base/json_text.h"
#include "base/status_macros.h"
#include "base/string_views.h"
#include "catalog/directory/json_pages.h"
#include "catalog/directory/model_query.h"

namespace tollgate::catalog {
namespace {

constexpr const char* kHtml = "text/html; charset=utf-8";
constexpr const char* kJson = "application/json; charset=utf-8";
// Prices change seldom, and a new one should be seen soon.
constexpr const char* kPageCaching = "public, max-age=60, stale-while-revalidate=600";
constexpr const char* kAssetCaching = "public, max-age=31536000, immutable";
// Nothing runs in these pages, and nothing is loaded but our own style sheet and icon.
constexpr const char* kContentPolicy =
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'";
constexpr std::string_view kModels = "/models/";
constexpr std::string_view kProviders = "/providers/";

HttpResponse Respond(const char* content_type, std::string body) {
  HttpResponse response;
  response.content_type = content_type;
  response.body = std::move(body);
  return response;
}

// Whether the Accept header asks for JSON and not for HTML: programs do, browsers do not.
bool PrefersJson(const HttpRequest& request) {
  const std::string_view accept = request.Header("accept").value_or("");
  return accept.find("application/json") != std::string_view::npos &&
         accept.find("text/html") == std::string_view::npos;
}

// RFC 9110 section 13.1.2, weak comparison.
bool Matches(std::string_view if_none_match, std::string_view etag) {
  for (const absl::string_view part : absl::StrSplit(AbslView(if_none_match), ',')) {
    std::string_view candidate = StdView(part);
    while (!candidate.empty() && candidate.front() == ' ') candidate.remove_prefix(1);
    while (!candidate.empty() && candidate.back() == ' ') candidate.remove_suffix(1);
    if (candidate.starts_with("W/")) candidate.remove_prefix(2);
    if (candidate == "*" || candidate == etag) return true;
  }
  return false;
}

// Adds the validators, and answers a conditional request with 304.
void AddCaching(const HttpRequest& request, const char* caching, HttpResponse& response) {
  const Sha256Digest digest = Sha256(response.body);
  const std::string etag = "\"" + HexEncode(DigestView(digest).substr(0, 12)) + "\"";
  response.headers.emplace_back("ETag", etag);
  response.headers.emplace_back("Cache-Control", caching);
  response.headers.emplace_back("Vary", "Accept");
  if (response.status == 200 && Matches(request.Header("if-none-match").value_or(""), etag)) {
    response.status = 304;
    response.body.clear();
  }
}

std::string XmlText(std::string_view text) {
  return absl::StrReplaceAll(
      AbslView(text),
      {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&apos;"}});
}

std::string Sitemap(const DirectoryIndex& index, const std::string& public_url) {
  std::string out =
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n";
  const auto add = [&](std::string_view path) {
    absl::StrAppend(&out, "<url><loc>", XmlText(public_url), XmlText(path), "</loc></url>\n");
  };
  add("/");
  add("/providers");
  for (const auto& [id, model] : index.models) add(ModelPath(id));
  for (const auto& [id, provider] : index.providers) add(ProviderPath(id));
  return out + "</urlset>\n";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Directory>> Directory::Create(const CatalogBook& book,
                                                             const Clock& clock,
                                                             std::string public_url) {
  TG_ASSIGN_OR_RETURN(std::unique_ptr<HtmlPages> pages, HtmlPages::Create());
  while (!public_url.empty() && public_url.back() == '/') public_url.pop_back();
  return std::unique_ptr<Directory>(
      new Directory(book, clock, std::move(public_url), std::move(pages)));
}

Directory::Directory(const CatalogBook& book, const Clock& clock, std::string public_url,
                     std::unique_ptr<HtmlPages> pages)
    : book_(book), clock_(clock), public_url_(std::move(public_url)), pages_(std::move(pages)) {}

std::shared_ptr<const DirectoryIndex> Directory::Index(absl::Time now) {
  std::shared_ptr<const CatalogSnapshot> snapshot = book_.snapshot();
  absl::MutexLock lock(&mutex_);
  if (index_ == nullptr || index_->snapshot != snapshot || now >= index_->valid_until) {
    index_ = BuildIndex(std::move(snapshot), now);
  }
  return index_;
}

std::string Directory::PublicUrl(const HttpRequest& request) const {
  if (!public_url_.empty()) return public_url_;
  const std::string_view host = request.Header("host").value_or("");
  const bool plain = std::all_of(host.begin(), host.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':' || c == '[' || c == ']';
  });
  return plain && !host.empty() ? "http://" + std::string(host) : std::string();
}

HttpResponse Directory::Answer(const HttpRequest& request) {
  if (request.method != "GET") {
    HttpResponse refused =
        Respond("text/plain; charset=utf-8", "The directory is read with GET.\n");
    refused.status = 405;
    refused.headers.emplace_back("Allow", "GET, HEAD");
    return refused;
  }
  HttpResponse response = Route(request);
  const bool asset = request.path.starts_with("/assets/") && response.status == 200;
  AddCaching(request, asset ? kAssetCaching : kPageCaching, response);
  response.headers.emplace_back("Content-Security-Policy", kContentPolicy);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

HttpResponse Directory::Route(const HttpRequest& request) {
  const absl::Time now = clock_.Wall();
  const std::shared_ptr<const DirectoryIndex> index = Index(now);
  std::string path = request.path;
  if (path == pages_->style_path()) {
    return Respond("text/css; charset=utf-8", std::string(pages_->style()));
  }
  if (path == pages_->icon_path() || path == "/favicon.ico") {
    return Respond("image/svg+xml", std::string(pages_->icon()));
  }
  if (path == "/robots.txt") {
    return Respond(
        "text/plain; charset=utf-8",
        absl::StrCat("User-agent: *\nAllow: /\nSitemap: ", PublicUrl(request), "/sitemap.xml\n"));
  }
  if (path == "/sitemap.xml") {
    return Respond("application/xml; charset=utf-8", Sitemap(*index, PublicUrl(request)));
  }
  constexpr std::string_view kSuffix = ".json";
  bool json = PrefersJson(request);
  if (path.ends_with(kSuffix)) {
    json = true;
    path.resize(path.size() - kSuffix.size());
  }
  if (path == "/" || path == "/models" || path == "/index") return List(request, *index, json);
  if (path == "/providers") {
    if (json) return Respond(kJson, ProviderListJson(*index));
    return Respond(
        kHtml, pages_->ProviderList(*index, {PublicUrl(request), "/providers", "/providers.json"}));
  }
  if (path.starts_with(kModels)) {
    return OneModel(request, *index, path.substr(kModels.size()), now, json);
  }
  if (path.starts_with(kProviders)) {
    return OneProvider(request, *index, path.substr(kProviders.size()), now, json);
  }
  return NotFound(request, *index, json);
}

HttpResponse Directory::List(const HttpRequest& request, const DirectoryIndex& index,
                             bool json) const {
  const ModelQuery query = ModelQuery::Parse(request.query);
  const ModelPage page = FindModels(index, query);
  if (json) return Respond(kJson, ModelListJson(page));
  // The list of a vendor is a page of its own to search engines; other filters and orders are not.
  ModelQuery canonical;
  canonical.vendor = query.vendor;
  canonical.sort = SortOrders().front().first;
  canonical.page = page.page;
  return Respond(kHtml, pages_->ModelList(index, query, page,
                                          {PublicUrl(request), canonical.ToUrl("/"),
                                           query.ToUrl("/models.json")}));
}

HttpResponse Directory::OneModel(const HttpRequest& request, const DirectoryIndex& index,
                                 const std::string& id, absl::Time now, bool json) const {
  const auto found = index.models.find(id);
  if (found == index.models.end()) return NotFound(request, index, json);
  if (json) return Respond(kJson, ModelJson(found->second, now));
  const std::string path = ModelPath(id);
  return Respond(kHtml, pages_->ModelPageOf(index, found->second, now,
                                            {PublicUrl(request), path, path + ".json"}));
}

HttpResponse Directory::OneProvider(const HttpRequest& request, const DirectoryIndex& index,
                                    const std::string& id, absl::Time now, bool json) const {
  const auto found = index.providers.find(id);
  if (found == index.providers.end()) return NotFound(request, index, json);
  if (json) return Respond(kJson, ProviderJson(found->second, now));
  const std::string path = ProviderPath(id);
  return Respond(kHtml, pages_->ProviderPage(index, found->second,
                                             {PublicUrl(request), path, path + ".json"}));
}

HttpResponse Directory::NotFound(const HttpRequest& request, const DirectoryIndex& index,
                                 bool json) const {
  constexpr std::size_t kShownMax = 200;
  HttpResponse response;
  if (json) {
    std::string body = "{\"error\":{\"code\":\"not_found\",\"message\":";
    AppendJsonString(body, "there is no page at " + request.path.substr(0, kShownMax));
    response = Respond(kJson, body + "}}\n");
  } else {
    response = Respond(kHtml, pages_->Missing(index, request.path.substr(0, kShownMax),
                                              {PublicUrl(request), "/", "/models.json"}));
  }
  response.status = 404;
  return response;
}

}  // namespace tollgate::catalog
