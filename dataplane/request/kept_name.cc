#include "dataplane/request/kept_name.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/digest.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kAnswerPrefix = "resp";
// Of ids that do not begin with what they are of.
constexpr std::string_view kItemPrefix = "item";
constexpr std::size_t kPrefixCharsMax = 16;
constexpr std::string_view kMark = "_tg";
constexpr std::size_t kWorkspaceTagBytes = 12;
constexpr std::size_t kCredentialTagBytes = 8;
constexpr std::size_t kWorkspaceTagChars = 2 * kWorkspaceTagBytes;
constexpr std::size_t kCredentialTagChars = 2 * kCredentialTagBytes;

// Fit for a path and a query as it is.
bool IsPlainId(std::string_view id) {
  return !id.empty() && id.size() <= kProviderIdBytesMax &&
         std::all_of(id.begin(), id.end(), [](char c) {
           return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ||
                  c == '.' || c == ':';
         });
}

// What a name begins with.
std::string_view PrefixOf(KeptKind kind, std::string_view provider_id) {
  if (kind == KeptKind::kAnswer) return kAnswerPrefix;
  const std::string_view prefix = provider_id.substr(0, provider_id.find('_'));
  const bool fit =
      !prefix.empty() && prefix.size() <= kPrefixCharsMax && prefix.size() < provider_id.size() &&
      std::all_of(prefix.begin(), prefix.end(),
                  [](char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); });
  return fit ? prefix : kItemPrefix;
}

// A name taken apart; views into it.
struct NameParts {
  std::string_view workspace_tag;
  std::string_view credential_tag;
  std::string_view provider_id;
};

// False when it has not the form of one.
bool TakeApart(KeptKind kind, std::string_view name, NameParts& parts) {
  const std::size_t mark = name.find('_');
  if (mark == std::string_view::npos || name.substr(mark, kMark.size()) != kMark) return false;
  if (kind == KeptKind::kAnswer && name.substr(0, mark) != kAnswerPrefix) return false;
  constexpr std::size_t kTagsChars = kWorkspaceTagChars + kCredentialTagChars;
  const std::string_view rest = name.substr(mark + kMark.size());
  if (rest.size() <= kTagsChars + 1 || rest[kTagsChars] != '_') return false;
  parts.workspace_tag = rest.substr(0, kWorkspaceTagChars);
  parts.credential_tag = rest.substr(kWorkspaceTagChars, kCredentialTagChars);
  parts.provider_id = rest.substr(kTagsChars + 1);
  return true;
}

bool IsWellFormed(KeptKind kind, std::string_view name, const NameParts& parts) {
  return IsPlainId(parts.provider_id) &&
         name.substr(0, name.find('_')) == PrefixOf(kind, parts.provider_id);
}

// No API key begins so: under one pepper the uses cannot be mistaken for each other.  Ids hold no
// NUL.
std::string MessageOf(KeptKind kind, std::string_view workspace_id, std::string_view provider_id) {
  std::string message = kind == KeptKind::kAnswer ? "kept-answer" : "kept-item";
  for (const std::string_view part : {workspace_id, provider_id}) {
    message += '\0';
    message += part;
  }
  return message;
}

std::string TagOf(const Sha256Digest& digest, std::size_t bytes) {
  return HexEncode(DigestView(digest).substr(0, bytes));
}

std::string CredentialTag(const Peppers& peppers, std::uint32_t pepper, const std::string& message,
                          std::string_view credential_id) {
  std::string longer = message;
  longer += '\0';
  longer += credential_id;
  return TagOf(*peppers.Digest(pepper, longer), kCredentialTagBytes);
}

// The pepper under which the tag is the workspace's; 0 = none.
std::uint32_t PepperOf(const Peppers& peppers, const std::string& message,
                       std::string_view workspace_tag) {
  for (const std::uint32_t pepper : peppers.ids()) {
    const std::string tag = TagOf(*peppers.Digest(pepper, message), kWorkspaceTagBytes);
    if (ConstantTimeEqual(tag, workspace_tag)) return pepper;
  }
  return 0;
}

}  // namespace

std::string KeptNameOf(const Peppers& peppers, KeptKind kind, std::string_view workspace_id,
                       std::string_view credential_id, std::string_view provider_id) {
  if (!IsPlainId(provider_id)) return {};
  const std::string message = MessageOf(kind, workspace_id, provider_id);
  const std::uint32_t pepper = peppers.current_id();
  return absl::StrCat(AbslView(PrefixOf(kind, provider_id)), AbslView(kMark),
                      TagOf(*peppers.Digest(pepper, message), kWorkspaceTagBytes),
                      CredentialTag(peppers, pepper, message, credential_id), "_",
                      AbslView(provider_id));
}

bool IsKeptName(KeptKind kind, std::string_view name) {
  NameParts parts;
  return TakeApart(kind, name, parts);
}

KeptName ReadKeptName(const Peppers& peppers, const Catalog& catalog, std::uint32_t formats,
                      KeptKind kind, std::string_view workspace_id, std::string_view name,
                      const Credential* likely) {
  KeptName kept;
  NameParts parts;
  if (!TakeApart(kind, name, parts)) return kept;
  kept.kind = KeptName::Kind::kOfAnother;
  kept.provider_id = parts.provider_id;
  if (!IsWellFormed(kind, name, parts)) return kept;
  const std::string message = MessageOf(kind, workspace_id, parts.provider_id);
  const std::uint32_t pepper = PepperOf(peppers, message, parts.workspace_tag);
  if (pepper == 0) return kept;
  kept.kind = KeptName::Kind::kCredentialGone;
  const auto is_of = [&](const Credential* credential) {
    if (CredentialTag(peppers, pepper, message, credential->id) != parts.credential_tag) {
      return false;
    }
    kept.kind = KeptName::Kind::kFound;
    kept.credential = credential;
    return true;
  };
  if (likely != nullptr && is_of(likely)) return kept;
  for (const Provider* provider : catalog.providers()) {
    if ((formats >> static_cast<unsigned>(provider->format) & 1) == 0) continue;
    for (const std::string_view owner : {workspace_id, std::string_view()}) {
      for (const Credential* credential : catalog.CredentialsOf(provider->id, owner)) {
        if (credential != likely && is_of(credential)) return kept;
      }
    }
  }
  return kept;
}

std::string_view ProviderIdOf(const Peppers& peppers, KeptKind kind, std::string_view workspace_id,
                              std::string_view credential_id, std::string_view name) {
  NameParts parts;
  if (!TakeApart(kind, name, parts) || !IsWellFormed(kind, name, parts)) return {};
  const std::string message = MessageOf(kind, workspace_id, parts.provider_id);
  const std::uint32_t pepper = PepperOf(peppers, message, parts.workspace_tag);
  if (pepper == 0 ||
      CredentialTag(peppers, pepper, message, credential_id) != parts.credential_tag) {
    return {};
  }
  return parts.provider_id;
}

}  // namespace tollgate::dataplane
