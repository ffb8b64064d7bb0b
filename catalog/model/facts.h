// What the catalog knows, as plain values: models, providers, offerings and their prices.
//
// The meaning of each field is that of tollgate/catalog/v1/catalog.proto; wire/facts_proto.h
// converts.  What a valid fact is, is said in model/validate.h.
#ifndef TOLLGATE_CATALOG_MODEL_FACTS_H_
#define TOLLGATE_CATALOG_MODEL_FACTS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/pricing.h"

namespace tollgate::catalog {

// The wire format that a provider speaks.
enum class Format { kUnspecified, kOpenaiChat, kOpenaiResponses, kAnthropic, kGemini };

// "openai_chat", "openai_responses", "anthropic", "gemini"; "" for kUnspecified.
std::string_view FormatName(Format format);

// A model, whoever sells it.
struct Model {
  std::string id;  // "vendor/name", lower case.
  std::string display_name;
  std::string vendor;                          // The first part of the id.
  std::string type;                            // One of kModelTypes.
  std::vector<std::string> input_modalities;   // Of kModalities, in its order.
  std::vector<std::string> output_modalities;  // Likewise.
  std::vector<std::string> capabilities;       // Of kCapabilities, in its order.
  std::int64_t context_tokens_max = 0;         // 0 = not known.
  std::int64_t output_tokens_max = 0;          // 0 = not known.
  std::string knowledge_date;                  // YYYY, YYYY-MM or YYYY-MM-DD; empty = not known.
  std::string release_date;                    // Likewise.
  std::string deprecation_date;                // Likewise; empty = no such day.

  friend bool operator==(const Model&, const Model&) = default;
};

// How a provider departs from its wire format: the fields of catalog.v1.Quirks, which says what
// each means.
struct Quirks {
  std::string output_limit_field{};
  bool no_stream_usage = false;
  bool no_developer_role = false;
  bool no_json_schema = false;
  bool no_image_url = false;
  bool cache_control = false;
  std::string reasoning_request{};
  std::string reasoning_history{};
  std::vector<std::string> unsupported_parameters{};

  friend bool operator==(const Quirks&, const Quirks&) = default;
};

// Who sells models.
struct Provider {
  std::string id;
  std::string display_name;
  Format format = Format::kUnspecified;
  std::string base_url;  // Empty when the administrator must state it.
  std::string doc_url;
  Quirks quirks{};

  friend bool operator==(const Provider&, const Provider&) = default;
};

// A price version, and where it was read.
struct SourcedPriceVersion {
  PriceVersion version;
  std::string source;       // "models.dev", "litellm" …
  std::string source_date;  // YYYY-MM-DD; empty = not stated.
};

// One provider's way of selling one model.
struct Offering {
  std::string id;  // OfferingId(provider_id, model_id, region).
  std::string model_id;
  std::string provider_id;
  std::string provider_model_id;
  std::int64_t context_tokens_max = 0;  // 0 = the model's.
  std::int64_t output_tokens_max = 0;   // 0 = the model's.
  std::string region;                   // Empty = there is one only.
  std::string status;                   // "alpha", "beta", "deprecated" or empty.
  // By effective time, oldest first, no two at the same time; never empty.
  std::vector<SourcedPriceVersion> price_versions;
};

struct Facts {
  std::vector<Model> models;
  std::vector<Provider> providers;
  std::vector<Offering> offerings;
};

// The words of Model.type, .input_modalities, .output_modalities and .capabilities, in the order
// in which lists of them are kept.
const std::vector<std::string>& ModelTypes();
const std::vector<std::string>& Modalities();
const std::vector<std::string>& Capabilities();

// "<provider>:<model id>", and "@<region>" when it has one.
std::string OfferingId(std::string_view provider_id, std::string_view model_id,
                       std::string_view region);

// Everything that the catalog holds, by id.  Offerings carry their whole history of prices;
// `price_versions` has besides the versions that a later import replaced before they held.
struct CatalogState {
  std::map<std::string, Model, std::less<>> models;
  std::map<std::string, Provider, std::less<>> providers;
  std::map<std::string, Offering, std::less<>> offerings;
  std::map<std::string, SourcedPriceVersion, std::less<>> price_versions;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_MODEL_FACTS_H_
