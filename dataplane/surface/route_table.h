// Which surface answers a path: the routes of all of them in one table.
#ifndef TOLLGATE_DATAPLANE_SURFACE_ROUTE_TABLE_H_
#define TOLLGATE_DATAPLANE_SURFACE_ROUTE_TABLE_H_

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// A path that some surface answers.
struct RouteMatch {
  const Surface* surface = nullptr;  // Null: no surface has the path.
  SurfaceOperation operation = SurfaceOperation::kGenerate;
  std::string_view wildcard;  // What the star stood for; a view into the path.
  // A surface has the path, though for other methods than was asked for: RouteTable::Allowed().
  bool other_method = false;
};

// Immutable after construction; safe to share between threads.
class RouteTable {
 public:
  explicit RouteTable(std::span<const Surface* const> surfaces);

  // `path` is that of `head`, normalized.  Among surfaces that have the path, the one that claims
  // the head.
  RouteMatch Find(const RequestHead& head, std::string_view path) const;

  // The methods that some surface answers `path` for, as an Allow header has them: "GET, DELETE".
  std::string Allowed(std::string_view path) const;

  // Whether `path` matches a pattern with a star; `wildcard` is what the star stands for.
  static bool Matches(std::string_view pattern, std::string_view path, std::string_view& wildcard);

 private:
  struct Entry {
    SurfaceRoute route;
    const Surface* surface;
  };

  // Patterns without a star.  Several methods may share a path.
  absl::flat_hash_map<std::string_view, std::vector<Entry>> exact_;
  std::vector<Entry> starred_;  // Longest pattern first.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_ROUTE_TABLE_H_
