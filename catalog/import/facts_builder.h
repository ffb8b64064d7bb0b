// Collects what a source says into facts: one model for all who sell it, one offering for each.
#ifndef TOLLGATE_CATALOG_IMPORT_FACTS_BUILDER_H_
#define TOLLGATE_CATALOG_IMPORT_FACTS_BUILDER_H_

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "catalog/import/import_report.h"
#include "catalog/import/model_id.h"
#include "catalog/import/reviewed_tables.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// One offering as a source has it.
struct OfferingDraft {
  std::string provider_id;
  std::string provider_model_id;
  std::string base_model;  // The model as the source names it; empty when it does not.
  std::string status;
  Model model;  // As this provider describes it; without id and vendor.
  std::vector<PriceComponent> components;
};

class FactsBuilder {
 public:
  // All must outlive this.
  FactsBuilder(const ReviewedTables& tables, ImportReport& report)
      : tables_(tables), resolver_(tables), report_(report) {}

  // A model that the source lists by itself; `model` is without id and vendor.
  void AddCanonicalModel(std::string_view id, Model model);

  void AddProvider(Provider provider) { providers_[provider.id] = std::move(provider); }

  void AddOffering(OfferingDraft draft) { drafts_.push_back(std::move(draft)); }

  // The facts, each kind sorted by id, with one price version per offering, named and in force from
  // the start of `report.source_date` (from the time of import when that is empty).
  //
  // A model is described by the source's own list of models; else by its maker; else by OpenRouter,
  // which describes most; else by the first provider by id.  Providers and models without an
  // offering are left out.  When a provider sells one model under several names, the one that is
  // spelled as the model keeps it, and the others become models of their own.
  Facts Build();

 private:
  struct Described {
    Model model;
    int rank = -1;
  };

  // Each draft with the id of its model; of several spellings of one id the canonical one, else
  // that of most providers, else the first in order.
  std::vector<std::pair<std::string, const OfferingDraft*>> ResolveModels();

  bool Place(const OfferingDraft& draft, const std::string& model_id);
  int Rank(const OfferingDraft& draft, std::string_view vendor) const;

  const ReviewedTables& tables_;
  ModelIdResolver resolver_;
  ImportReport& report_;
  std::map<std::string, Provider> providers_;
  std::vector<OfferingDraft> drafts_;
  std::map<std::string, Described> models_;
  std::map<std::string, Offering> offerings_;  // By id.
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_FACTS_BUILDER_H_
