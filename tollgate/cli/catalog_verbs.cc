#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/status_macros.h"
#include "catalog/import/import.h"
#include "catalog/seed/seed_folder.h"
#include "catalog/wire/facts_proto.h"
#include "tollgate/catalog/v1/catalog.pb.h"
#include "tollgate/cli/facts_upload.h"
#include "tollgate/cli/message_value.h"
#include "tollgate/cli/output_format.h"
#include "tollgate/cli/table.h"
#include "tollgate/cli/verbs.h"

namespace tollgate::cli {
namespace {

constexpr char kCatalog[] = "tollgate.catalog.v1.CatalogService/";
constexpr int kPageSizeMax = 1'000;

struct ImportFlags {
  std::string from;
  std::string file;
  std::string out;
  bool dry_run = false;
};

absl::Status Import(const ImportFlags& flags, Context& context, Session& session) {
  const auto source = catalog::ParseSource(flags.from);
  CHECK(source.has_value()) << flags.from;  // The flag has been checked.
  TG_ASSIGN_OR_RETURN(const catalog::ImportResult result, catalog::ImportFile(*source, flags.file));
  context.out << result.report.ToText(result.facts);
  if (result.facts.offerings.empty()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "nothing in ", flags.file, " could be taken; is that the data of ", flags.from, "?"));
  }
  if (!flags.out.empty()) {
    TG_RETURN_IF_ERROR(catalog::WriteSeedFolder(RealFileSystem(), flags.out,
                                                catalog::WriteSeedText(result.facts)));
    context.out << "written to " << flags.out << "\n";
    return absl::OkStatus();
  }
  TG_ASSIGN_OR_RETURN(const RpcClient* rpc, session.Catalog());
  TG_ASSIGN_OR_RETURN(const catalog::v1::ImportResponse changed,
                      UploadFacts(catalog::ToProto(result.facts), flags.dry_run, *rpc));
  context.out << (flags.dry_run ? "would change: " : "changed: ") << changed.created()
              << " created, " << changed.updated() << " updated, "
              << changed.price_versions_created() << " new price versions\n";
  return absl::OkStatus();
}

struct ListFlags {
  std::string provider;
  std::string model;
  std::string format = kTable;
};

absl::StatusOr<std::vector<catalog::v1::Offering>> FetchOfferings(const ListFlags& flags,
                                                                  const RpcClient& rpc) {
  catalog::v1::ListOfferingsRequest request;
  request.set_page_size(kPageSizeMax);
  request.set_provider_id(flags.provider);
  request.set_model_id(flags.model);
  std::vector<catalog::v1::Offering> offerings;
  do {
    catalog::v1::ListOfferingsResponse page;
    TG_RETURN_IF_ERROR(rpc.Call(absl::StrCat(kCatalog, "ListOfferings"), request, page));
    offerings.insert(offerings.end(), page.offerings().begin(), page.offerings().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return offerings;
}

// Dollars per million tokens: pico-USD per token are micro-USD per million.
std::string PerMillion(std::int64_t pico_usd) {
  constexpr std::int64_t kMicro = 1'000'000;
  std::string text = absl::StrCat(pico_usd / kMicro);
  std::string fraction = absl::StrCat(kMicro + pico_usd % kMicro).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return fraction.empty() ? text : absl::StrCat(text, ".", fraction);
}

// The plain price of text tokens in the newest version; empty when there is none.
std::string TextPrice(const catalog::v1::Offering& offering, pricing::v1::Direction direction) {
  if (offering.price_versions().empty()) return "";
  for (const auto& component : offering.price_versions().rbegin()->components()) {
    if (component.unit() == pricing::v1::UNIT_TOKEN && component.direction() == direction &&
        component.modality() == pricing::v1::MODALITY_TEXT &&
        component.cache() == pricing::v1::CACHE_CLASS_NONE &&
        component.tier() == pricing::v1::SERVICE_TIER_STANDARD &&
        component.context_threshold_tokens() == 0) {
      return PerMillion(component.price_pico_usd_per_unit());
    }
  }
  return "";
}

absl::Status List(const ListFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* rpc, session.Catalog());
  TG_ASSIGN_OR_RETURN(const auto offerings, FetchOfferings(flags, *rpc));
  if (flags.format != kTable) {
    std::vector<Value> values;
    for (const auto& offering : offerings) values.push_back(MessageToValue(offering));
    PrintValues(context.out, flags.format, values);
    return absl::OkStatus();
  }
  Table table({"MODEL", "PROVIDER", "REGION", "INPUT USD/M", "OUTPUT USD/M", "STATUS"});
  for (const auto& offering : offerings) {
    table.AddRow({offering.model_id(), offering.provider_id(), offering.region(),
                  TextPrice(offering, pricing::v1::DIRECTION_INPUT),
                  TextPrice(offering, pricing::v1::DIRECTION_OUTPUT), offering.status()});
  }
  context.out << table.ToText();
  return absl::OkStatus();
}

struct ShowFlags {
  std::string model;
  std::string format = kYaml;
};

absl::Status Show(const ShowFlags& flags, Context& context, Session& session) {
  TG_ASSIGN_OR_RETURN(const RpcClient* rpc, session.Catalog());
  catalog::v1::GetModelRequest request;
  request.set_id(flags.model);
  catalog::v1::Model model;
  TG_RETURN_IF_ERROR(rpc->Call(absl::StrCat(kCatalog, "GetModel"), request, model));
  TG_ASSIGN_OR_RETURN(const auto offerings,
                      FetchOfferings({.provider = "", .model = flags.model}, *rpc));
  Value value = MessageToValue(model);
  Value list = Value::List();
  for (const auto& offering : offerings) list.items.push_back(MessageToValue(offering));
  value.Add("offerings", std::move(list));
  PrintValue(context.out, flags.format == kTable ? kYaml : flags.format, value);
  return absl::OkStatus();
}

void AddImportVerb(CLI::App& app, Context& context) {
  const auto flags = std::make_shared<ImportFlags>();
  CLI::App& verb = *app.add_subcommand("import", "Read open price data into the catalog");
  verb.add_option("--from", flags->from, "models-dev or litellm")
      ->required()
      ->check(CLI::IsMember({"models-dev", "litellm"}));
  verb.add_option("file", flags->file, "the JSON file")->required();
  verb.add_option("--out", flags->out,
                  "write the facts as text into this folder instead of into the catalog");
  verb.add_flag("--dry-run", flags->dry_run, "only report");
  verb.callback([flags, &context] {
    context.action = [flags, &context](Session& session) {
      return Import(*flags, context, session);
    };
  });
}

}  // namespace

void AddCatalogVerbs(CLI::App& app, Context& context) {
  CLI::App& catalog = *app.add_subcommand("catalog", "Import, list and show models and prices");
  catalog.require_subcommand(1);
  AddImportVerb(catalog, context);

  const auto list = std::make_shared<ListFlags>();
  CLI::App& list_verb = *catalog.add_subcommand("list", "List offerings and their prices");
  list_verb.add_option("--provider", list->provider, "only of this provider");
  list_verb.add_option("--model", list->model, "only of this model");
  AddOutputFlag(list_verb, list->format);
  list_verb.callback([list, &context] {
    context.action = [list, &context](Session& session) { return List(*list, context, session); };
  });

  const auto show = std::make_shared<ShowFlags>();
  CLI::App& show_verb = *catalog.add_subcommand("show", "Show a model with all its offerings");
  show_verb.add_option("model", show->model, "its id, such as openai/gpt-4o-mini")->required();
  AddOutputFlag(show_verb, show->format);
  show_verb.callback([show, &context] {
    context.action = [show, &context](Session& session) { return Show(*show, context, session); };
  });
}

}  // namespace tollgate::cli
