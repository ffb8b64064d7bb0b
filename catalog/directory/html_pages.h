// The directory's pages as HTML, rendered with ctemplate in its auto-escaping mode: what a fact
// holds can never become markup.
#ifndef TOLLGATE_CATALOG_DIRECTORY_HTML_PAGES_H_
#define TOLLGATE_CATALOG_DIRECTORY_HTML_PAGES_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "catalog/directory/directory_index.h"
#include "catalog/directory/model_query.h"

namespace tollgate::catalog {

// Where a page is.
struct PageAddress {
  std::string public_url;  // Of the directory, without a final slash.
  std::string path;        // Of the page, encoded, with its query.
  std::string json_path;   // Of its JSON twin.
};

// Thread-safe.
class HtmlPages {
 public:
  // Parses the compiled-in templates.  Internal when one is broken, which is a defect of the build.
  static absl::StatusOr<std::unique_ptr<HtmlPages>> Create();
  ~HtmlPages();

  std::string ModelList(const DirectoryIndex& index, const ModelQuery& query, const ModelPage& page,
                        const PageAddress& address) const;
  std::string ModelPageOf(const DirectoryIndex& index, const ListedModel& model, absl::Time now,
                          const PageAddress& address) const;
  std::string ProviderList(const DirectoryIndex& index, const PageAddress& address) const;
  std::string ProviderPage(const DirectoryIndex& index, const ListedProvider& provider,
                           const PageAddress& address) const;
  std::string Missing(const DirectoryIndex& index, std::string_view path,
                      const PageAddress& address) const;

  // The style sheet and the icon: their contents, and paths that name them by a hash of these.
  std::string_view style() const;
  std::string_view icon() const;
  const std::string& style_path() const { return style_path_; }
  const std::string& icon_path() const { return icon_path_; }

 private:
  class Impl;
  HtmlPages();

  std::unique_ptr<Impl> impl_;
  std::string style_path_;
  std::string icon_path_;
};

// The pages of a model and of a provider.
std::string ModelPath(std::string_view model_id);
std::string ProviderPath(std::string_view provider_id);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_DIRECTORY_HTML_PAGES_H_
