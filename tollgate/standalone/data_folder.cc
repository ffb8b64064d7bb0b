#include "tollgate/standalone/data_folder.h"

#include <array>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "base/api_key.h"
#include "base/digest.h"
#include "base/key_file.h"
#include "base/random.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate {
namespace {

constexpr std::size_t kTokenBytes = 32;

// Makes a file that another start may have made before.
absl::Status MakeOnce(absl::Status made) {
  return absl::IsAlreadyExists(made) ? absl::OkStatus() : made;
}

std::string NewToken() {
  std::array<std::uint8_t, kTokenBytes> bytes;
  SystemRandom().Fill(bytes);
  return "tga_" +
         HexEncode(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

absl::StatusOr<Secret> ReadTrimmed(const std::string& path) {
  TG_ASSIGN_OR_RETURN(const Secret text, ReadKeyFile(path));
  return Secret(StdView(absl::StripAsciiWhitespace(AbslView(text.Reveal()))));
}

}  // namespace

absl::StatusOr<DataFolder> DataFolder::Open(FileSystem& file_system, const std::string& path) {
  DataFolder folder(file_system, path);
  for (const char* name : {"keys", "controlplane", "billing", "catalog", "dataplane", "demo"}) {
    TG_RETURN_IF_ERROR(file_system.CreateDirectories(folder.Path(name)));
  }
  absl::StatusOr<std::unique_ptr<FileLock>> lock = file_system.LockFile(folder.Path("lock"));
  if (absl::IsFailedPrecondition(lock.status())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "another `tollgate standalone` runs on ", path, "; stop it or give another --data folder"));
  }
  TG_RETURN_IF_ERROR(lock.status());
  folder.lock_ = *std::move(lock);
  TG_RETURN_IF_ERROR(folder.MakeKeys());
  return folder;
}

std::string DataFolder::Path(std::string_view name) const {
  return absl::StrCat(path_, "/", AbslView(name));
}

absl::Status DataFolder::MakeKeys() {
  TG_RETURN_IF_ERROR(MakeOnce(GeneratePepperFile(pepper_file())));
  TG_RETURN_IF_ERROR(MakeOnce(GenerateSealKeyFile(seal_key_file())));
  TG_RETURN_IF_ERROR(MakeOnce(WriteNewKeyFile(admin_token_file(), NewToken() + "\n")));
  TG_RETURN_IF_ERROR(MakeOnce(WriteNewKeyFile(node_token_file(), NewToken() + "\n")));
  TG_ASSIGN_OR_RETURN(admin_token_, ReadTrimmed(admin_token_file()));
  TG_ASSIGN_OR_RETURN(node_token_, ReadTrimmed(node_token_file()));
  return absl::OkStatus();
}

absl::StatusOr<DataFolder::DemoKey> DataFolder::ReadDemoKey() const {
  DemoKey key;
  TG_ASSIGN_OR_RETURN(const Secret id, ReadTrimmed(Path("demo/key-id")));
  key.id = id.Reveal();
  TG_ASSIGN_OR_RETURN(key.secret, ReadTrimmed(Path("demo/api-key")));
  return key;
}

absl::Status DataFolder::WriteDemoKey(const DemoKey& key) {
  // The id last: without it the pair counts as not there.
  if (file_system_->Exists(Path("demo/key-id"))) {
    TG_RETURN_IF_ERROR(file_system_->Remove(Path("demo/key-id")));
  }
  TG_RETURN_IF_ERROR(file_system_->WriteFileAtomically(
      Path("demo/api-key"), absl::StrCat(AbslView(key.secret.Reveal()), "\n"), kModePrivate));
  return file_system_->WriteFileAtomically(Path("demo/key-id"), key.id + "\n", kModePrivate);
}

}  // namespace tollgate
