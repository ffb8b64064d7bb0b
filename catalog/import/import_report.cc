#include "catalog/import/import_report.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "base/json_text.h"
#include "base/string_views.h"

namespace tollgate::catalog {
namespace {

constexpr std::size_t kExamplesMax = 4;  // Enough to see a pattern.

}  // namespace

void ImportReport::Add(Groups& groups, std::string_view reason, std::string_view what) {
  auto found = groups.find(reason);
  if (found == groups.end()) found = groups.emplace(std::string(reason), Group()).first;
  ++found->second.count;
  if (found->second.examples.size() < kExamplesMax) found->second.examples.emplace_back(what);
}

std::int64_t ImportReport::Count(const Groups& groups, std::string_view reason) {
  const auto found = groups.find(reason);
  return found == groups.end() ? 0 : found->second.count;
}

void ImportReport::Append(const ImportReport& other) {
  for (const auto& [from, to] :
       {std::pair(&other.left_out_, &left_out_), std::pair(&other.adjusted_, &adjusted_)}) {
    for (const auto& [reason, group] : *from) {
      Group& mine = (*to)[reason];
      mine.count += group.count;
      for (const std::string& example : group.examples) {
        if (mine.examples.size() < kExamplesMax) mine.examples.push_back(example);
      }
    }
  }
}

std::vector<const ImportReport::Groups::value_type*> ImportReport::ByCount(const Groups& groups) {
  std::vector<const Groups::value_type*> sorted;
  for (const auto& group : groups) sorted.push_back(&group);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto* a, const auto* b) { return a->second.count > b->second.count; });
  return sorted;
}

void ImportReport::AppendText(std::string& out, std::string_view title, const Groups& groups) {
  if (groups.empty()) return;
  absl::StrAppend(&out, "\n", AbslView(title), ":\n");
  for (const auto* group : ByCount(groups)) {
    absl::StrAppend(&out, "  ", group->second.count, "  ", group->first, "\n        for example ",
                    absl::StrJoin(group->second.examples, ", "), "\n");
  }
}

void ImportReport::AppendJson(std::string& out, std::string_view name, const Groups& groups) {
  absl::StrAppend(&out, ",\"", AbslView(name), "\":[");
  std::string_view separator;
  for (const auto* group : ByCount(groups)) {
    absl::StrAppend(&out, AbslView(separator), "{\"reason\":");
    AppendJsonString(out, group->first);
    absl::StrAppend(&out, ",\"count\":", group->second.count, ",\"examples\":[");
    std::string_view comma;
    for (const std::string& example : group->second.examples) {
      out += comma;
      AppendJsonString(out, example);
      comma = ",";
    }
    out += "]}";
    separator = ",";
  }
  out += "]";
}

std::string ImportReport::ToText(const Facts& taken) const {
  std::string out = absl::StrCat(
      "source:    ", source, " of ", source_date, "\ntaken:     ", taken.models.size(), " models, ",
      taken.providers.size(), " providers, ", taken.offerings.size(), " offerings\n");
  AppendText(out, "left out", left_out_);
  AppendText(out, "taken with a change", adjusted_);
  return out;
}

std::string ImportReport::ToJson(const Facts& taken) const {
  std::string out = "{\"source\":";
  AppendJsonString(out, source);
  out += ",\"source_date\":";
  AppendJsonString(out, source_date);
  absl::StrAppend(&out, ",\"taken\":{\"models\":", taken.models.size(),
                  ",\"providers\":", taken.providers.size(),
                  ",\"offerings\":", taken.offerings.size(), "}");
  AppendJson(out, "left_out", left_out_);
  AppendJson(out, "adjusted", adjusted_);
  return out + "}\n";
}

}  // namespace tollgate::catalog
