// The places of an answer that passes through which are written anew: its cost, and the names of
// answers that the provider keeps.
#include <algorithm>

#include "dataplane/request/kept_answer.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {

// What the client knows an answer as; empty when it has no name.
std::string_view RequestRun::ClientIdOf(const PlannedAttempt& attempt,
                                        std::string_view provider_id) {
  if (provider_id == scan_.kept_response_sent && !provider_id.empty()) return scan_.kept_response;
  // The events of a stream repeat the id.
  if (provider_id != kept_id_) {
    kept_id_.assign(provider_id);
    kept_name_ = NameKeptAnswer(context_.peppers, principal_->workspace_id(),
                                attempt.credential->id, provider_id);
  }
  return kept_name_;
}

void RequestRun::EditIds(const PlannedAttempt& attempt, std::string_view text,
                         const AnswerFacts& facts) {
  for (const std::string_view id : {facts.id, facts.previous_id}) {
    if (id.empty()) continue;
    const std::string_view name = ClientIdOf(attempt, id);
    if (name.empty()) continue;
    const std::size_t begin = static_cast<std::size_t>(id.data() - text.data());
    answer_edits_.push_back({begin, begin + id.size(), out_texts_.emplace_back(name)});
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
