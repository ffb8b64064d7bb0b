// Price components as an importer finds them.
#ifndef TOLLGATE_CATALOG_IMPORT_COMPONENT_LIST_H_
#define TOLLGATE_CATALOG_IMPORT_COMPONENT_LIST_H_

#include <string>
#include <string_view>
#include <vector>

#include "base/pricing.h"
#include "catalog/import/import_report.h"
#include "catalog/import/json_tree.h"

namespace tollgate::catalog {

class ComponentList {
 public:
  // `what` names the offering in the report.
  ComponentList(ImportReport& report, std::string what) : report_(report), what_(std::move(what)) {}

  // Adds the number `value`, counted by `scale` (price/price_text.h), under the keys of
  // `component`.  A number that cannot be read spoils the list; one that was rounded is reported.
  // Of two with equal keys the first stays.
  void Add(PriceComponent component, const JsonValue& value, int scale);

  // The component with exactly these keys, or nullptr.
  const PriceComponent* Find(const PriceComponent& keys) const;

  // Marks the list as not to be used; the reason goes to the report once.
  void Spoil(std::string_view reason);
  bool spoiled() const { return spoiled_; }

  // Drops what adds nothing or would make something free that costs:
  //   * a price of zero for anything but plain text tokens, when plain text costs something: such
  //     zeros mean "not stated"; without it the class falls back to a dearer one (base/pricing.h);
  //   * reasoning at the price of text output, to which it falls back.
  void Tidy();

  std::vector<PriceComponent> components;

 private:
  ImportReport& report_;
  std::string what_;
  bool spoiled_ = false;
};

// Whether two components have the same keys, the price aside.
bool SameKeys(PriceComponent a, const PriceComponent& b);

// What must be priced for a model of this type ("language" …); the reason when it is not, else
// empty.  All prices zero is no price: sources use it for subscriptions and for "not known".  But
// `free_by_name` (an id that ends in ":free") is taken at its word.
std::string_view WhyNotPriced(const std::vector<PriceComponent>& components,
                              std::string_view model_type, bool free_by_name);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_COMPONENT_LIST_H_
