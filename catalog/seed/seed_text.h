// The seed catalog as text files under catalog/data/seed/: one fact a line, so that a change of
// price is a change of one line.
//
//   models.json            [ {"id":"openai/gpt-4o-mini","name":"GPT-4o mini","type":"language",
//                             "in":"text image","out":"text","can":"tools","context":128000,
//                             "output":16384,"knowledge":"2023-09","released":"2024-07-18"}, … ]
//   providers/<id>.json    {"id":…,"name":…,"format":…,"base_url":…,"doc_url":…,"quirks":…,
//                           "offerings":[
//                             {"model":"openai/gpt-4o-mini","id":"gpt-4o-mini","day":"2026-07-02",
//                              "source":"models.dev","price":{"input":"0.15","output":"0.6"}}, … ]}
//
// Empty and zero fields are left out; "id" too when it is the model's name.  Prices are decimal
// strings in US dollars, per million tokens or characters and per one of every other unit, under
// the keys of ComponentKey() (price/price_text.h).  A price holds from the start of its day.
#ifndef TOLLGATE_CATALOG_SEED_SEED_TEXT_H_
#define TOLLGATE_CATALOG_SEED_SEED_TEXT_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "catalog/model/facts.h"

namespace tollgate::catalog {

// File name relative to the seed's folder → contents.
using SeedFiles = std::map<std::string, std::string>;

// REQUIRED: each offering has one price version, which holds from the start of its source date.
SeedFiles WriteSeedText(const Facts& facts);

// Inverts WriteSeedText(), the ids of the price versions included.  InvalidArgument with the file
// for what is not understood.
absl::StatusOr<Facts> ReadSeedText(const SeedFiles& files);

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_SEED_SEED_TEXT_H_
