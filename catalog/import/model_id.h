// Which model an offering sells: the canonical "vendor/name".
//
// Providers write the same model in many ways ("meta-llama/Llama-3.3-70B-Instruct",
// "accounts/fireworks/models/llama-v3p3-70b-instruct", "llama-3.3-70b-versatile").  The rule, in
// this order:
//   1. The source says which model it is (models.dev's base_model).
//   2. The name is the last part of the provider's own id, in lower case; characters other than
//      a-z 0-9 . _ : - become '-'.
//   3. The vendor is what stands before the name, if that is a known vendor under any of its names;
//      else the vendor of the family with which the name begins; else the provider's own, if it
//      makes models; else what stands before the name; else the provider.
//   4. Ids that differ in nothing but '.', '_', ':' against '-' are one model: the one that the
//      source lists as canonical, else the spelling that most providers use.
// What differs in more than that (a size, a date, "-fp8", "-turbo", ":free") is another model: two
// prices must never be taken for one.
#ifndef TOLLGATE_CATALOG_IMPORT_MODEL_ID_H_
#define TOLLGATE_CATALOG_IMPORT_MODEL_ID_H_

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "catalog/import/reviewed_tables.h"

namespace tollgate::catalog {

class ModelIdResolver {
 public:
  // `tables` must outlive this.
  explicit ModelIdResolver(const ReviewedTables& tables) : tables_(tables) {}

  // Adds a model that the source lists as canonical; returns its id by rules 2 and 3, or nullopt
  // when it has none.
  std::optional<std::string> AddCanonical(std::string_view id);

  // Whether `id` was returned by AddCanonical().
  bool IsCanonical(std::string_view id) const;

  // The id by the rules above; nullopt when nothing usable remains.
  std::optional<std::string> Resolve(std::string_view provider_id,
                                     std::string_view provider_model_id,
                                     std::string_view base_model) const;

  // The id without regard to '.', '_', ':' against '-'.
  static std::string LooseKey(std::string_view id);

 private:
  std::optional<std::string> Spell(std::string_view provider_id, std::string_view id) const;

  const ReviewedTables& tables_;
  // Loose key → canonical id; empty when two share the key.
  std::map<std::string, std::string, std::less<>> canonical_;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_MODEL_ID_H_
