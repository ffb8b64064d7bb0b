// The one look at a body that admission needs, for surfaces whose bodies pass through: what they
// share, whatever their members are called.
#ifndef TOLLGATE_DATAPLANE_SURFACE_BODY_SCANNER_H_
#define TOLLGATE_DATAPLANE_SURFACE_BODY_SCANNER_H_

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "dataplane/json/cursor.h"
#include "dataplane/request/errors.h"
#include "dataplane/request/scanned_request.h"

namespace tollgate::dataplane {

// A surface derives from it, names the members that it reads, and reads each as it comes.  Members
// that are the gateway's own are noted for removal.  Used once.
class BodyScanner {
 public:
  BodyScanner(const BodyScanner&) = delete;
  BodyScanner& operator=(const BodyScanner&) = delete;

 protected:
  using Error = std::optional<GatewayError>;

  BodyScanner(std::string_view body, ScannedRequest& out);
  virtual ~BodyScanner() = default;

  // Reads the body: valid UTF-8, one JSON object, each of `names` at most once, the first
  // `required` of them at all.  At most 32 names.
  Error ReadBody(std::span<const std::string_view> names, unsigned required);

  // Reads the value of names[member], which begins at `at`; leaves the cursor behind it.
  virtual Error ReadMember(unsigned member, std::size_t at) = 0;
  // Whether names[member] is the gateway's own and not for the provider.
  virtual bool IsOwn(unsigned member) const = 0;
  // Reads the value of an option of `param` (`provider` or `providerOptions.gateway`) that is none
  // of those which every surface takes; the raw key.  By default an error that says so.
  virtual Error ReadOtherOption(std::string_view param, std::string_view key);
  // Whether `providerOptions` may have blocks for families of providers; the surface's
  // ReadRequest() then reads them.
  virtual bool takes_families() const { return false; }

  // ---- Values; null counts as absent -----------------------------------------------------------

  Error ReadModel(std::size_t at);
  Error ReadModels();
  Error ReadFlag(std::string_view param, bool& flag);
  Error ReadText(std::string_view param, std::string_view& text);
  // A positive integer: the output limit.
  Error ReadLimit(std::string_view param, std::size_t at, BodyRange& range);
  // `tools`: a list, counted.
  Error ReadTools();
  // `provider`, and the same options within `providerOptions.gateway`.
  Error ReadWishes();
  Error ReadProviderOptions();
  // Skips a null, if there is one.
  bool SkipNull();

  GatewayError Broken() const;

  // The name of the member that is read, with its quotes.
  const BodyRange& key() const { return key_; }

  JsonCursor& json() { return json_; }
  ScannedRequest& out() { return out_; }

 private:
  // Model, models, user and provider lists with escapes: more is refused as it cannot be honest.
  static constexpr std::size_t kTextsMax = 128;
  static constexpr std::size_t kProviderListMax = 64;

  Error ReadMembers(std::span<const std::string_view> names);
  Error ReadOptions(std::string_view param, bool takes_models);
  Error ReadNames(std::string_view param, std::size_t size_max,
                  std::vector<std::string_view>& names);
  Error ReadTags();
  bool TakeText(std::string_view& text);

  std::string_view body_;
  JsonCursor json_;
  ScannedRequest& out_;
  unsigned seen_ = 0;
  BodyRange key_;
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_BODY_SCANNER_H_
