#include "dataplane/request/kept_answer.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kPrefix = "resp_tg";
constexpr std::size_t kWorkspaceTagBytes = 12;
constexpr std::size_t kCredentialTagBytes = 8;
constexpr std::size_t kWorkspaceTagChars = 2 * kWorkspaceTagBytes;
constexpr std::size_t kCredentialTagChars = 2 * kCredentialTagBytes;

bool IsPlainId(std::string_view id) {
  return !id.empty() && id.size() <= kProviderAnswerIdBytesMax &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.' || c == ':';
         });
}

// No API key begins so: under one pepper the two uses cannot be mistaken for each other.  Ids hold
// no NUL.
std::string MessageOf(std::string_view workspace_id, std::string_view provider_id) {
  std::string message = "kept-answer";
  for (const std::string_view part : {workspace_id, provider_id}) {
    message += '\0';
    message += part;
  }
  return message;
}

std::string TagOf(const Sha256Digest& digest, std::size_t bytes) {
  return HexEncode(DigestView(digest).substr(0, bytes));
}

std::string CredentialMessage(const std::string& message, std::string_view credential_id) {
  std::string longer = message;
  longer += '\0';
  longer += credential_id;
  return longer;
}

}  // namespace

std::string NameKeptAnswer(const Peppers& peppers, std::string_view workspace_id,
                           std::string_view credential_id, std::string_view provider_id) {
  if (!IsPlainId(provider_id)) return {};
  const std::string message = MessageOf(workspace_id, provider_id);
  const std::uint32_t pepper = peppers.current_id();
  return absl::StrCat(AbslView(kPrefix),
                      TagOf(*peppers.Digest(pepper, message), kWorkspaceTagBytes),
                      TagOf(*peppers.Digest(pepper, CredentialMessage(message, credential_id)),
                            kCredentialTagBytes),
                      "_", AbslView(provider_id));
}

KeptAnswer FindKeptAnswer(const Peppers& peppers, const Catalog& catalog, std::uint32_t formats,
                          std::string_view workspace_id, std::string_view name) {
  KeptAnswer kept;
  constexpr std::size_t kHeadChars = kPrefix.size() + kWorkspaceTagChars + kCredentialTagChars + 1;
  if (!name.starts_with(kPrefix) || name.size() <= kHeadChars || name[kHeadChars - 1] != '_') {
    return kept;
  }
  kept.kind = KeptAnswer::Kind::kOfAnother;
  kept.provider_id = name.substr(kHeadChars);
  if (!IsPlainId(kept.provider_id)) return kept;
  const std::string_view workspace_tag = name.substr(kPrefix.size(), kWorkspaceTagChars);
  const std::string_view credential_tag =
      name.substr(kPrefix.size() + kWorkspaceTagChars, kCredentialTagChars);
  const std::string message = MessageOf(workspace_id, kept.provider_id);
  for (const std::uint32_t pepper : peppers.ids()) {
    const std::string tag = TagOf(*peppers.Digest(pepper, message), kWorkspaceTagBytes);
    if (!ConstantTimeEqual(tag, workspace_tag)) continue;
    kept.kind = KeptAnswer::Kind::kCredentialGone;
    for (const Provider* provider : catalog.providers()) {
      if ((formats >> static_cast<unsigned>(provider->format) & 1) == 0) continue;
      for (const std::string_view owner : {workspace_id, std::string_view()}) {
        for (const Credential* credential : catalog.CredentialsOf(provider->id, owner)) {
          const std::string own = CredentialMessage(message, credential->id);
          if (TagOf(*peppers.Digest(pepper, own), kCredentialTagBytes) != credential_tag) continue;
          kept.kind = KeptAnswer::Kind::kFound;
          kept.credential = credential;
          return kept;
        }
      }
    }
    return kept;
  }
  return kept;
}

}  // namespace tollgate::dataplane
