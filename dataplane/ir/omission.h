// What a format cannot express, gathered while it writes a request: warnings, or a refusal.
//
// The rule: what would change the meaning of the answer is refused (several choices, a schema that
// cannot be kept, a file that cannot be sent); what only advises is left out with a warning (a
// penalty, a seed, a cache mark).  Nothing is dropped in silence.
#ifndef TOLLGATE_DATAPLANE_IR_OMISSION_H_
#define TOLLGATE_DATAPLANE_IR_OMISSION_H_

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/ir/part.h"
#include "dataplane/ir/response.h"

namespace tollgate::dataplane::ir {

// The owner of members that a surface knows and no format has: left out with a warning by all.
inline constexpr std::string_view kOfNoFormat = "no_format";

class Omissions {
 public:
  // `format` is the format's name, or how sentences are to name it; it outlives this.
  explicit Omissions(std::string_view format);

  // The feature was left out: "`seed` was left out: Anthropic's messages have no such setting."
  void LeftOut(std::string_view feature, std::string_view details = {});
  // The feature was sent as something near; `details` is a sentence that says what.
  void Changed(std::string_view feature, std::string_view details);
  // What follows is about a part that stands there in the caller's words (Part::place); empty =
  // about no part.
  void At(std::string_view place) { place_ = place; }
  // The request cannot be sent in this format.  The first refusal counts; one of "messages" names
  // the place instead, if there is one.
  void Refuse(std::string_view param, std::string_view details = {});

  bool refused() const { return refused_; }
  const std::string& refused_param() const { return param_; }
  const std::string& refusal() const { return refusal_; }
  // Each feature once.
  std::vector<Warning>& warnings() { return warnings_; }

 private:
  void Add(Warning::Kind kind, std::string_view feature, std::string details);

  std::string_view format_;
  std::string_view place_;
  std::vector<Warning> warnings_;
  bool refused_ = false;
  std::string param_;
  std::string refusal_;
};

// Warns of members that nobody of `kept` owns, and refuses the essential ones.  Members of a
// family's block are meant for that family alone and left out without a word.
void OmitExtras(const Extras& extras, std::initializer_list<std::string_view> kept,
                Omissions& omissions);

// Whether `owner` is a family: then its members come from a block of `providerOptions`.
bool IsFamily(std::string_view owner);

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_OMISSION_H_
