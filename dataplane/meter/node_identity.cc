#include "dataplane/meter/node_identity.h"

#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/crc32c.h"
#include "base/digest.h"
#include "base/status_macros.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

constexpr std::string_view kFirstLine = "tollgate-node 1";
constexpr std::string_view kSpoolSuffix = ".spool";
// More former runs than this means that billing was never reached: the oldest stay on disk, and
// a start is refused rather than the file made without end.
constexpr std::size_t kFormerMax = 10'000;

std::string NodePath(const std::string& folder) { return folder + "/node"; }

absl::Status Damaged(const std::string& path, std::string_view why) {
  return absl::DataLossError(absl::StrCat(path, ": ", AbslView(why)));
}

std::string Line(std::string_view kind, const FormerIncarnation& run) {
  const std::string begun =
      run.begun.empty() ? "" : absl::StrCat(" begun ", absl::StrJoin(run.begun, ","));
  return absl::StrCat(AbslView(kind), " ", run.number, " boot ", run.boot_id, " durability ",
                      run.durability == Durability::kDisk ? "disk" : "process", " lanes ",
                      run.lanes, begun, "\n");
}

bool ReadBegun(const std::string& text, std::vector<std::uint32_t>* begun) {
  for (const absl::string_view index : absl::StrSplit(text, ',')) {
    if (!absl::SimpleAtoi(index, &begun->emplace_back())) return false;
  }
  return true;
}

// "<number> boot <id> durability <word> lanes <count>[ begun <index>,…]".
bool ReadRun(const std::vector<std::string>& words, FormerIncarnation* run) {
  if (words.size() < 8 || words[2] != "boot" || words[4] != "durability" || words[6] != "lanes") {
    return false;
  }
  if (words.size() != 8 &&
      (words.size() != 10 || words[8] != "begun" || !ReadBegun(words[9], &run->begun))) {
    return false;
  }
  run->boot_id = words[3];
  if (words[5] != "disk" && words[5] != "process") return false;
  run->durability = words[5] == "disk" ? Durability::kDisk : Durability::kProcess;
  return absl::SimpleAtoi(words[1], &run->number) && absl::SimpleAtoi(words[7], &run->lanes);
}

struct NodeFile {
  std::string node_id;
  FormerIncarnation current;
  std::vector<FormerIncarnation> former;
};

absl::StatusOr<NodeFile> ReadNodeFile(const std::string& path, const std::string& text) {
  const std::size_t crc_at = text.rfind("crc32c ");
  std::uint32_t crc = 0;
  if (crc_at == std::string::npos || text.empty() || text.back() != '\n' ||
      !absl::SimpleHexAtoi(text.substr(crc_at + 7, text.size() - crc_at - 8), &crc) ||
      crc != Crc32c(std::string_view(text).substr(0, crc_at))) {
    return Damaged(path, "the checksum is wrong");
  }
  NodeFile file;
  bool first = true;
  for (absl::string_view line : absl::StrSplit(text.substr(0, crc_at), '\n', absl::SkipEmpty())) {
    if (std::exchange(first, false)) {
      if (StdView(line) != kFirstLine) return Damaged(path, "an unknown format");
      continue;
    }
    const std::vector<std::string> words = absl::StrSplit(line, ' ');
    FormerIncarnation run;
    if (words[0] == "node_id" && words.size() == 2) {
      file.node_id = words[1];
    } else if (words[0] == "current" && ReadRun(words, &run)) {
      file.current = run;
    } else if (words[0] == "former" && ReadRun(words, &run)) {
      file.former.push_back(run);
    } else {
      return Damaged(path, "a line that cannot be read");
    }
  }
  if (file.node_id.empty() || file.current.number == 0) return Damaged(path, "a line is missing");
  return file;
}

}  // namespace

std::string SpoolFolder(const std::string& data_folder) { return data_folder + "/spool"; }

absl::StatusOr<NodeIdentity> NodeIdentity::Begin(FileSystem& file_system, const std::string& folder,
                                                 std::string_view boot_id, Durability durability,
                                                 std::uint32_t lanes, Random& random) {
  NodeIdentity identity;
  identity.file_system_ = &file_system;
  identity.folder_ = folder;
  identity.boot_id_ = std::string(boot_id);
  identity.durability_ = durability;
  identity.lanes_ = lanes;
  TG_RETURN_IF_ERROR(file_system.CreateDirectories(folder));
  TG_ASSIGN_OR_RETURN(identity.lock_, file_system.LockFile(folder + "/lock"));
  const std::string path = NodePath(folder);
  if (file_system.Exists(path)) {
    TG_ASSIGN_OR_RETURN(const std::string text, file_system.ReadFile(path));
    TG_ASSIGN_OR_RETURN(NodeFile file, ReadNodeFile(path, text));
    identity.node_id_ = std::move(file.node_id);
    identity.incarnation_ = file.current.number + 1;
    identity.former_ = std::move(file.former);
    identity.former_.push_back(std::move(file.current));
    if (identity.former_.size() > kFormerMax) {
      return absl::ResourceExhaustedError(
          absl::StrCat(path, ": ", kFormerMax, " former runs that billing has not closed"));
    }
  } else {
    std::vector<std::string> names;
    if (file_system.Exists(SpoolFolder(folder))) {
      TG_ASSIGN_OR_RETURN(names, file_system.ListDirectory(SpoolFolder(folder)));
    }
    for (const std::string& name : names) {
      if (name.ends_with(kSpoolSuffix)) {
        return Damaged(path, "is missing, and records of the node it named are there");
      }
    }
    std::uint8_t bytes[16];
    random.Fill(bytes);
    identity.node_id_ = HexEncode({reinterpret_cast<const char*>(bytes), sizeof(bytes)});
    identity.incarnation_ = 1;
  }
  TG_RETURN_IF_ERROR(identity.Save());
  return identity;
}

absl::Status NodeIdentity::Save() const {
  std::string text = absl::StrCat(AbslView(kFirstLine), "\nnode_id ", node_id_, "\n");
  text += Line("current", {incarnation_, boot_id_, durability_, lanes_, begun_});
  for (const FormerIncarnation& run : former_) text += Line("former", run);
  absl::StrAppend(&text, "crc32c ", absl::Hex(Crc32c(text), absl::kZeroPad8), "\n");
  return file_system_->WriteFileAtomically(NodePath(folder_), text, kModePrivate);
}

absl::Status NodeIdentity::NoteBegun(const std::vector<std::uint32_t>& indexes) {
  std::lock_guard lock(*mutex_);
  std::vector<std::uint32_t> begun = begun_;
  begun.resize(std::max(begun.size(), indexes.size()));
  for (std::size_t lane = 0; lane < indexes.size(); ++lane) {
    begun[lane] = std::max(begun[lane], indexes[lane]);
  }
  if (begun == begun_) return absl::OkStatus();
  begun_.swap(begun);
  const absl::Status saved = Save();
  if (!saved.ok()) begun_.swap(begun);
  return saved;
}

absl::Status NodeIdentity::Closed(std::uint64_t incarnation) {
  std::lock_guard lock(*mutex_);
  const std::vector<FormerIncarnation> before = former_;
  std::erase_if(former_,
                [incarnation](const FormerIncarnation& run) { return run.number == incarnation; });
  const absl::Status saved = Save();
  if (!saved.ok()) former_ = before;
  return saved;
}

}  // namespace tollgate::dataplane
