// The folder in which a standalone suite keeps everything.
//
//   lock                    held while a suite runs on the folder
//   keys/pepper             under which keys are digested (base/api_key.h)
//   keys/seal               with which provider credentials are sealed (base/seal.h)
//   keys/admin-token        the bearer token of the admin API
//   keys/node-token         with which the data plane reads wallets
//   controlplane/ billing/ catalog/ dataplane/    the stores of the services
//   demo/key-id demo/api-key                      with --demo: the demo key and its secret
//   tollgate.log access.log what happened; one line per request
//   ready.json              where the running suite serves
//
// All files that hold secrets have mode 0600.
#ifndef TOLLGATE_TOLLGATE_STANDALONE_DATA_FOLDER_H_
#define TOLLGATE_TOLLGATE_STANDALONE_DATA_FOLDER_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/file_system.h"
#include "base/secret.h"

namespace tollgate {

// Not thread-safe.
class DataFolder {
 public:
  // Makes the folder and its keys when they are missing, and locks it.  FailedPrecondition when
  // another suite runs on it; the errors of the file system and of key files.
  static absl::StatusOr<DataFolder> Open(FileSystem& file_system, const std::string& path);

  // A sub-folder or file: Path("billing").
  std::string Path(std::string_view name) const;

  std::string pepper_file() const { return Path("keys/pepper"); }
  std::string seal_key_file() const { return Path("keys/seal"); }
  std::string admin_token_file() const { return Path("keys/admin-token"); }
  std::string node_token_file() const { return Path("keys/node-token"); }
  std::string ready_file() const { return Path("ready.json"); }
  const Secret& admin_token() const { return admin_token_; }
  const Secret& node_token() const { return node_token_; }

  // The demo key as it was saved; NotFound when there is none.
  struct DemoKey {
    std::string id;
    Secret secret;
  };
  absl::StatusOr<DemoKey> ReadDemoKey() const;
  // Replaces it.
  absl::Status WriteDemoKey(const DemoKey& key);

 private:
  DataFolder(FileSystem& file_system, std::string path)
      : file_system_(&file_system), path_(std::move(path)) {}

  absl::Status MakeKeys();

  FileSystem* file_system_;
  std::string path_;
  std::unique_ptr<FileLock> lock_;
  Secret admin_token_;
  Secret node_token_;
};

}  // namespace tollgate

#endif  // TOLLGATE_TOLLGATE_STANDALONE_DATA_FOLDER_H_
