// Efforts and budgets of reasoning, each in terms of the other: one table for all formats.
#ifndef TOLLGATE_DATAPLANE_IR_REASONING_H_
#define TOLLGATE_DATAPLANE_IR_REASONING_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "dataplane/ir/request.h"

namespace tollgate::dataplane::ir {

// "none" … "max"; empty for kUnset.
std::string_view EffortName(Effort effort);
// Nullopt for another word.
std::optional<Effort> ReadEffort(std::string_view name);

// The effort that the settings ask for: the one that was said, else the least whose share of the
// limit has room for the budget, else kMedium when reasoning was switched on, kNone when it was
// switched off, kUnset when nothing was said.  `output_limit` is the request's, or the model's.
Effort EffortOf(const ReasoningSettings& settings, std::int64_t output_limit);

// The budget that the settings ask for, in tokens: the one that was said, else a share of
// `output_limit` by effort (none 0, minimal 1/10, low 1/5, medium 1/2, high 4/5, xhigh and max
// 19/20), at least `least` and below `output_limit`.  0 = no reasoning; nullopt = nothing was said.
std::optional<std::int64_t> BudgetOf(const ReasoningSettings& settings, std::int64_t output_limit,
                                     std::int64_t least);

}  // namespace tollgate::dataplane::ir

#endif  // TOLLGATE_DATAPLANE_IR_REASONING_H_
