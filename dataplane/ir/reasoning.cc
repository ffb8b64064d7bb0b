#include "dataplane/ir/reasoning.h"

#include <algorithm>
#include <array>

namespace tollgate::dataplane::ir {
namespace {

// In the order of Effort; shares are twentieths of the output.
struct Row {
  std::string_view name;
  std::int64_t twentieths;
};
constexpr std::array<Row, 8> kRows = {{{"", 10},
                                       {"none", 0},
                                       {"minimal", 2},
                                       {"low", 4},
                                       {"medium", 10},
                                       {"high", 16},
                                       {"xhigh", 19},
                                       {"max", 19}}};

const Row& RowOf(Effort effort) { return kRows[static_cast<std::size_t>(effort)]; }

}  // namespace

std::string_view EffortName(Effort effort) { return RowOf(effort).name; }

std::optional<Effort> ReadEffort(std::string_view name) {
  for (std::size_t i = 1; i < kRows.size(); ++i) {
    if (kRows[i].name == name) return static_cast<Effort>(i);
  }
  return std::nullopt;
}

Effort EffortOf(const ReasoningSettings& settings, std::int64_t output_limit) {
  if (settings.effort != Effort::kUnset) return settings.effort;
  if (settings.budget_tokens.has_value()) {
    if (*settings.budget_tokens == 0) return Effort::kNone;
    // Without a limit, the budgets that are usual: 1,024 is the least of them.
    const std::int64_t limit = output_limit > 0 ? output_limit : 32'768;
    for (const Effort effort : {Effort::kMinimal, Effort::kLow, Effort::kMedium}) {
      if (*settings.budget_tokens <= limit / 20 * RowOf(effort).twentieths) return effort;
    }
    return Effort::kHigh;
  }
  if (settings.enabled.has_value()) return *settings.enabled ? Effort::kMedium : Effort::kNone;
  return settings.adaptive ? Effort::kMedium : Effort::kUnset;
}

std::optional<std::int64_t> BudgetOf(const ReasoningSettings& settings, std::int64_t output_limit,
                                     std::int64_t least) {
  if (!settings.present()) return std::nullopt;
  const std::int64_t most = std::max<std::int64_t>(output_limit - 1, least);
  if (settings.budget_tokens.has_value()) {
    if (*settings.budget_tokens <= 0) return *settings.budget_tokens == 0 ? 0 : least;
    return std::clamp(*settings.budget_tokens, least, most);
  }
  const Effort effort = EffortOf(settings, output_limit);
  if (effort == Effort::kNone) return 0;
  return std::clamp(output_limit / 20 * RowOf(effort).twentieths, least, most);
}

}  // namespace tollgate::dataplane::ir
