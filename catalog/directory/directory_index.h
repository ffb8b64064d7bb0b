// The catalog arranged for the directory: each model with who sells it and for how much.
#ifndef TOLLGATE_CATALOG_DIRECTORY_DIRECTORY_INDEX_H_
#define TOLLGATE_CATALOG_DIRECTORY_DIRECTORY_INDEX_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "catalog/service/catalog_book.h"

namespace tollgate::catalog {

// An offering with what is in force.
struct ListedOffering {
  const Offering* offering = nullptr;
  const Provider* provider = nullptr;
  const Model* model = nullptr;
  // The price version in force; null when all are still to come.
  const SourcedPriceVersion* current = nullptr;
  // Of plain text tokens at the standard tier, in pico-USD per token.
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> output;
  std::optional<std::int64_t> cache_read;
  // What a model that is not sold by text tokens costs first of all; null when it is.
  const PriceComponent* by_unit = nullptr;
};

struct ListedModel {
  const Model* model = nullptr;
  std::vector<ListedOffering> offerings;  // Cheapest input first, then by provider.
  // The lowest of any offering.
  std::optional<std::int64_t> input;
  std::optional<std::int64_t> output;
  const PriceComponent* by_unit = nullptr;  // Of the first offering, when none has `input`.
  std::string haystack;                     // Lower-case text for searching.
};

struct ListedProvider {
  const Provider* provider = nullptr;
  std::vector<ListedOffering> offerings;  // By model id.
};

// Immutable.  Points into the snapshot, which it keeps alive.
struct DirectoryIndex {
  std::shared_ptr<const CatalogSnapshot> snapshot;
  // When an announced price comes into force, and the index is no longer true.
  absl::Time valid_until;
  std::map<std::string, ListedModel, std::less<>> models;
  std::map<std::string, ListedProvider, std::less<>> providers;
  std::map<std::string, int, std::less<>> vendors;  // With how many models.
  std::string sources;                              // "models.dev (2026-07-02), …"
};

std::shared_ptr<const DirectoryIndex> BuildIndex(std::shared_ptr<const CatalogSnapshot> snapshot,
                                                 absl::Time now);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_DIRECTORY_DIRECTORY_INDEX_H_
