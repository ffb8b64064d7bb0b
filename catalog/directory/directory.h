// The public price directory: paths, caching and the two forms of each page.
//
//   /                          the list: q, vendor, type, modality, can, max_price, sort, page
//   /models/{vendor}/{name}    one model with all its offerings
//   /providers, /providers/{id}
//   /models.json, /models/{vendor}/{name}.json, /providers.json, /providers/{id}.json
//                              the same as JSON; also when Accept prefers application/json
//   /sitemap.xml, /robots.txt, /assets/…
#ifndef TOLLGATE_CATALOG_DIRECTORY_DIRECTORY_H_
#define TOLLGATE_CATALOG_DIRECTORY_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "base/clock.h"
#include "base/http_server.h"
#include "catalog/directory/directory_index.h"
#include "catalog/directory/html_pages.h"
#include "catalog/service/catalog_book.h"

namespace tollgate::catalog {

// Thread-safe.
class Directory {
 public:
  // `book` and `clock` must outlive this.  `public_url` is where readers find the directory
  // ("https://prices.example.com"), for canonical links; empty: what the request's Host says.
  static absl::StatusOr<std::unique_ptr<Directory>> Create(const CatalogBook& book,
                                                           const Clock& clock,
                                                           std::string public_url);

  // Answers one request; never fails.  200, 304, 404, 405 (all but GET).
  HttpResponse Answer(const HttpRequest& request);

 private:
  Directory(const CatalogBook& book, const Clock& clock, std::string public_url,
            std::unique_ptr<HtmlPages> pages);

  std::shared_ptr<const DirectoryIndex> Index(absl::Time now);
  std::string PublicUrl(const HttpRequest& request) const;
  HttpResponse Route(const HttpRequest& request);
  HttpResponse List(const HttpRequest& request, const DirectoryIndex& index, bool json) const;
  HttpResponse OneModel(const HttpRequest& request, const DirectoryIndex& index,
                        const std::string& id, absl::Time now, bool json) const;
  HttpResponse OneProvider(const HttpRequest& request, const DirectoryIndex& index,
                           const std::string& id, absl::Time now, bool json) const;
  HttpResponse NotFound(const HttpRequest& request, const DirectoryIndex& index, bool json) const;

  // Constant after construction.
  const CatalogBook& book_;
  const Clock& clock_;
  const std::string public_url_;
  const std::unique_ptr<HtmlPages> pages_;

  absl::Mutex mutex_;
  std::shared_ptr<const DirectoryIndex> index_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_DIRECTORY_DIRECTORY_H_
