// The places of an answer that passes through which are written anew: its cost, and the names of
// answers and items that the provider keeps.
#include <algorithm>

#include "dataplane/request/kept_name.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {
namespace {

// More than an answer has of items, but for the longest.
constexpr std::size_t kGivenNamesMax = 256;

}  // namespace

// What the client knows as a thing that the provider keeps; empty when it has no name.  Good until
// the next event.
std::string_view RequestRun::GiveName(const PlannedAttempt& attempt, KeptKind kind,
                                      std::string_view provider_id) {
  for (auto given = given_names_.rbegin(); given != given_names_.rend(); ++given) {
    if (given->provider_id == provider_id && given->kind == kind) return given->name;
  }
  given_names_.push_back({kind, std::string(provider_id),
                          KeptNameOf(context_.peppers, kind, principal_->workspace_id(),
                                     attempt.credential->id, provider_id)});
  return given_names_.back().name;
}

std::string_view RequestRun::ClientIdOf(const PlannedAttempt& attempt,
                                        std::string_view provider_id) {
  if (provider_id == scan_.kept_response_sent && !provider_id.empty()) return scan_.kept_response;
  return GiveName(attempt, KeptKind::kAnswer, provider_id);
}

// What has no name stays as it is: nobody can ask for it by that.
void RequestRun::EditId(std::string_view text, std::string_view id, std::string_view name) {
  if (name.empty()) return;
  const std::size_t begin = static_cast<std::size_t>(id.data() - text.data());
  answer_edits_.push_back({begin, begin + id.size(), name});
}

void RequestRun::EditIds(const PlannedAttempt& attempt, std::string_view text,
                         const AnswerFacts& facts) {
  // Of a stream whose provider gives an item another id in each event, not all are remembered.
  if (given_names_.size() > kGivenNamesMax) given_names_.clear();
  for (const std::string_view id : {facts.id, facts.previous_id}) {
    if (!id.empty()) EditId(text, id, ClientIdOf(attempt, id));
  }
  for (const std::string_view id : facts.item_ids) {
    EditId(text, id, GiveName(attempt, KeptKind::kItem, id));
  }
  std::sort(answer_edits_.begin(), answer_edits_.end(),
            [](const AnswerEdit& a, const AnswerEdit& b) { return a.begin < b.begin; });
}

// `usd` is an exact decimal.
void RequestRun::EditCost(const UsageReport& usage, std::string_view usd) {
  if (usage.close == 0) return;
  std::string& text = out_texts_.emplace_back();
  AnswerEdit edit{usage.close, usage.close, {}};
  if (usage.cost_end != 0) {
    edit.begin = usage.cost_begin;
    edit.end = usage.cost_end;
    text = usd;
  } else {
    if (!usage.empty) text = ",";
    surface_->AppendCost(usd, text);
  }
  edit.text = text;
  const auto behind = std::find_if(answer_edits_.begin(), answer_edits_.end(),
                                   [&](const AnswerEdit& e) { return e.begin >= edit.begin; });
  answer_edits_.insert(behind, edit);
}

// The whole of a text that was edited.
std::string RequestRun::EditedAnswer(std::string_view text) {
  std::string edited;
  std::size_t from = 0;
  for (const AnswerEdit& edit : answer_edits_) {
    edited.append(text, from, edit.begin - from);
    edited += edit.text;
    from = edit.end;
  }
  edited.append(text, from);
  answer_edits_.clear();
  return edited;
}

}  // namespace tollgate::dataplane
