// A folder that lives as long as a test.
#ifndef TOLLGATE_TESTS_SUPPORT_TEMP_DIR_H_
#define TOLLGATE_TESTS_SUPPORT_TEMP_DIR_H_

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>

#include "base/check.h"

namespace tollgate {

// Made under $TMPDIR (or /tmp) with mode 0700; removed with its contents on destruction.
class TempDir {
 public:
  TempDir() {
    const char* parent = std::getenv("TMPDIR");
    std::string pattern = std::string(parent != nullptr ? parent : "/tmp") + "/tollgate_XXXXXX";
    CHECK(::mkdtemp(pattern.data()) != nullptr) << pattern;
    path_ = pattern;
  }
  ~TempDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;

  const std::string& path() const { return path_; }
  // path()/name.
  std::string File(std::string_view name) const { return path_ + "/" + std::string(name); }

 private:
  std::string path_;
};

}  // namespace tollgate

#endif  // TOLLGATE_TESTS_SUPPORT_TEMP_DIR_H_
