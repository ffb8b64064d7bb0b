// What an import could not take, or took with a change, and why: grouped, counted, with examples.
#ifndef TOLLGATE_CATALOG_IMPORT_IMPORT_REPORT_H_
#define TOLLGATE_CATALOG_IMPORT_IMPORT_REPORT_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/model/facts.h"

namespace tollgate::catalog {

class ImportReport {
 public:
  // Notes that `what` (e.g. "openai/gpt-4o") was left out for `reason`, a sentence without the
  // particulars, so that equal reasons are counted together.
  void LeaveOut(std::string_view reason, std::string_view what) { Add(left_out_, reason, what); }

  // Notes that `what` was taken, but not quite as the source has it.
  void Adjust(std::string_view reason, std::string_view what) { Add(adjusted_, reason, what); }

  // Adds the contents of another report.
  void Append(const ImportReport& other);

  // How often `reason` was noted as left out or adjusted.
  std::int64_t LeftOut(std::string_view reason) const { return Count(left_out_, reason); }
  std::int64_t Adjusted(std::string_view reason) const { return Count(adjusted_, reason); }

  // What the source says, and how much of it was taken.
  std::string source;
  std::string source_date;

  // For people, and for programs: {"source":…, "taken":{"models":…}, "left_out":[{"reason":…,
  // "count":…, "examples":[…]}], "adjusted":[…]}.  Most frequent first.
  std::string ToText(const Facts& taken) const;
  std::string ToJson(const Facts& taken) const;

 private:
  struct Group {
    std::int64_t count = 0;
    std::vector<std::string> examples;
  };
  using Groups = std::map<std::string, Group, std::less<>>;

  static void Add(Groups& groups, std::string_view reason, std::string_view what);
  static std::int64_t Count(const Groups& groups, std::string_view reason);
  static std::vector<const Groups::value_type*> ByCount(const Groups& groups);
  static void AppendJson(std::string& out, std::string_view name, const Groups& groups);
  static void AppendText(std::string& out, std::string_view title, const Groups& groups);

  Groups left_out_;
  Groups adjusted_;
};

}  // namespace tollgate::catalog

#endif  // TOLLGATE_CATALOG_IMPORT_IMPORT_REPORT_H_
