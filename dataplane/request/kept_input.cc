// What a request names of what a provider keeps: whose it is, which credential must be asked, and
// what the provider is told in place of a name (kept_name.h).
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "dataplane/request/kept_name.h"
#include "dataplane/request/request_run.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kPrevious = "previous_response_id";
// Ids of items that are looked at in one request: each costs digests.  More than a conversation has
// of items that it only refers to.
constexpr std::size_t kItemNamesMax = 4096;

constexpr std::string_view kSendItems =
    "send the items of the conversation themselves (a client that sends references of its own "
    "accord does so with `store` set to false).";

std::string BareMessage(const std::string& param) {
  return absl::StrCat("`", param,
                      "` names what a provider keeps, and only this workspace's own account at a "
                      "provider of this model can be asked for it; there is none. Use an id that "
                      "this gateway gave, or ",
                      AbslView(kSendItems));
}

std::string PlaceOf(const ScannedItemId& id) { return absl::StrCat("input[", id.item, "]"); }

}  // namespace

// Narrows the plan of a request to who can be asked for what it names.
bool RequestRun::FindKept(PlanRequirements& requirements) {
  kept_named_.clear();
  kept_bare_ = scan_.kept_reference;
  kept_fault_.reset();
  // Whether providers of other formats are of no use.
  bool essential = !kept_bare_.empty() || !scan_.kept_response.empty();
  if (!scan_.kept_response.empty()) {
    FindByName(KeptKind::kAnswer, scan_.kept_response, std::string(kPrevious), requirements,
               scan_.kept_response_sent);
  }
  std::size_t references = 0;
  for (ScannedItemId& id : scan_.item_ids) {
    if (!id.reference) continue;
    essential |= !id.thought;
    if (++references > kItemNamesMax) {
      FailKept(ErrorCode::kUnsupportedParameter,
               absl::StrCat("`input` refers to more than ", kItemNamesMax,
                            " items that a provider keeps; ", AbslView(kSendItems)),
               PlaceOf(id));
      break;
    }
    FindByName(KeptKind::kItem, id.text, PlaceOf(id), requirements, id.sent);
    id.rewritten = !id.sent.empty();
  }
  if (kept_named_.empty() && kept_bare_.empty() && !kept_fault_.has_value()) return true;
  requirements.bound_formats = surface_->formats();
  if (!kept_bare_.empty() && requirements.credential != nullptr &&
      !requirements.credential->byok()) {
    FailKept(ErrorCode::kUnsupportedParameter, BareMessage(kept_bare_), kept_bare_);
  }
  if (essential) requirements.formats &= surface_->formats();
  if (!kept_fault_.has_value()) return true;
  requirements.formats &= ~surface_->formats();
  if (essential) ExplainKept();
  return !essential;
}

// What is named is asked of the credential that made it, all of it of one.
void RequestRun::FindByName(KeptKind kind, std::string_view name, std::string param,
                            PlanRequirements& requirements, std::string_view& provider_id) {
  const KeptName kept =
      ReadKeptName(context_.peppers, snapshot().catalog(), surface_->formats(), kind,
                   principal_->workspace_id(), name, requirements.credential);
  const std::string_view what = kind == KeptKind::kAnswer ? "answer" : "item";
  switch (kept.kind) {
    case KeptName::Kind::kForeign:  // Whatever the workspace has in accounts of its own.
      if (kept_bare_.empty()) kept_bare_ = std::move(param);
      return;
    case KeptName::Kind::kFound:
      if (requirements.credential == nullptr || requirements.credential == kept.credential) {
        requirements.credential = kept.credential;
        provider_id = kept.provider_id;
        if (kept_named_.empty()) kept_named_ = std::move(param);
        return;
      }
      return FailKept(ErrorCode::kUnsupportedParameter,
                      absl::StrCat("`", param, "` and `", kept_named_,
                                   "` were made with different credentials, and neither can be "
                                   "asked for both; ",
                                   AbslView(kSendItems)),
                      param);
    case KeptName::Kind::kOfAnother:
      return FailKept(ErrorCode::kResponseNotFound,
                      absl::StrCat("No ", AbslView(what),
                                   " of this id is kept for this key's workspace. Use an id that "
                                   "this gateway gave it, or ",
                                   AbslView(kSendItems)),
                      param);
    case KeptName::Kind::kCredentialGone:
      return FailKept(ErrorCode::kResponseNotFound,
                      absl::StrCat("The credential that made this ", AbslView(what),
                                   " is no longer there, and no other can be asked for it; ",
                                   AbslView(kSendItems)),
                      param);
  }
}

// The first fault counts.
void RequestRun::FailKept(ErrorCode code, std::string message, const std::string& param) {
  if (kept_fault_.has_value()) return;
  kept_fault_.emplace();
  kept_fault_->code = code;
  kept_fault_->message = std::move(message);
  kept_fault_->param = param;
  kept_fault_->status = 400;
}

// Nothing is left of a plan that FindKept() narrowed: says why.
void RequestRun::ExplainKept() {
  if (!kept_fault_.has_value() && !kept_named_.empty()) {
    FailKept(ErrorCode::kUnsupportedParameter,
             absl::StrCat("`", kept_named_,
                          "` names what a provider keeps which does not serve this model now. Ask "
                          "the model that gave the answer, or ",
                          AbslView(kSendItems)),
             kept_named_);
  } else if (!kept_fault_.has_value() && !kept_bare_.empty()) {
    FailKept(ErrorCode::kUnsupportedParameter, BareMessage(kept_bare_), kept_bare_);
  }
  if (kept_fault_.has_value()) error_ = *kept_fault_;
}

// Decides what goes in place of the items' ids.  No id of an account that several workspaces share
// is sent there unless a name proves whose it is; an item that is there as a whole needs none.
void RequestRun::ChooseItemIds(const PlannedAttempt& attempt) {
  std::size_t looked_at = 0;
  for (ScannedItemId& id : scan_.item_ids) {
    if (id.reference) continue;  // FindKept() did.
    const bool named = IsKeptName(KeptKind::kItem, id.text);
    id.rewritten = named || !attempt.credential->byok();
    id.sent = {};
    if (!named || ++looked_at > kItemNamesMax) continue;
    id.sent = ProviderIdOf(context_.peppers, KeptKind::kItem, principal_->workspace_id(),
                           attempt.credential->id, id.text);
  }
}

}  // namespace tollgate::dataplane
