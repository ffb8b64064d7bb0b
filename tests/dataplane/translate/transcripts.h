// Golden transcripts: what goes into a surface or a format, and what comes out, as files under
// cases/.  README.md there says how they are laid out and how to add one.
#ifndef TOLLGATE_TESTS_DATAPLANE_TRANSLATE_TRANSCRIPTS_H_
#define TOLLGATE_TESTS_DATAPLANE_TRANSLATE_TRANSCRIPTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/provider/format.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// One folder of cases/: `side` is "surface" or "format", `owner` the name of it.
struct Case {
  std::string side;
  std::string owner;
  std::string name;
  std::string folder;  // Absolute.

  std::string Path(std::string_view file) const;
  bool Has(std::string_view file) const;
  std::string Read(std::string_view file) const;
};

// All of them, in order of their paths.
std::vector<Case> AllCases();

const Surface* FindSurface(std::string_view name);
const ProviderFormat* FindFormat(std::string_view name);
// Every format that is spoken.
std::vector<const ProviderFormat*> SpokenFormatList();
// The format whose JSON is the surface's own; nullptr when there is none.
const ProviderFormat* NativeFormat(const Surface& surface);

// What surrounds a case: its file `setup`, one setting a line.
struct CaseSetup {
  CallHead call;
  Provider provider;
  Model model;
  Offering offering;
  std::int64_t output_limit = -1;
  bool include_usage = true;
  std::map<std::string, std::string, std::less<>> item_ids;  // What is sent in place of an id.
  std::string kept_name;  // By which the client finds the answer.
};
void ReadSetup(const Case& c, CaseSetup& setup);

// What comes out, as text: JSON indented, headers and warnings above it.
std::string WrittenBy(const ProviderFormat& format, const Surface& surface, const CaseSetup& setup,
                      std::string_view body);
std::string AnsweredBy(const Surface& surface, const ProviderFormat& format, const CaseSetup& setup,
                       std::string_view answer);
// `step`: how many bytes of the stream arrive at a time; 0 = all at once.
std::string StreamedBy(const Surface& surface, const ProviderFormat& format, const CaseSetup& setup,
                       std::string_view stream, std::size_t step);
std::string ErrorOf(const ProviderFormat& format, std::string_view status_and_body);

// JSON with a member a line; what is no JSON stays as it is.
std::string Indented(std::string_view json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_TRANSLATE_TRANSCRIPTS_H_
