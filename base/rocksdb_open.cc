#include "base/rocksdb_open.h"

#include <algorithm>

namespace tollgate {
namespace {

using Descriptors = std::vector<rocksdb::ColumnFamilyDescriptor>;
using Handles = std::vector<rocksdb::ColumnFamilyHandle*>;

// The names of what is there; only "default" where nothing is yet.
std::vector<std::string> Present(const rocksdb::DBOptions& options, const std::string& path,
                                 const Descriptors& families) {
  const std::string current = path + "/CURRENT";
  if (!options.env->FileExists(current).ok()) return {rocksdb::kDefaultColumnFamilyName};
  std::vector<std::string> names;
  if (rocksdb::DB::ListColumnFamilies(options, path, &names).ok()) return names;
  // It is damaged: opening it says how.
  for (const rocksdb::ColumnFamilyDescriptor& family : families) names.push_back(family.name);
  return names;
}

}  // namespace

rocksdb::Status OpenRocksdb(rocksdb::DBOptions options, const std::string& path,
                            const Descriptors& families, Handles* handles,
                            std::unique_ptr<rocksdb::DB>* db) {
  // Its default is sixteen, which it starts anew for each family, twenty times over.
  options.max_file_opening_threads = 1;
  // Statistics for the choice of what to compact; they come with the files that are written next.
  options.skip_stats_update_on_db_open = true;
  const std::vector<std::string> present = Present(options, path, families);
  Descriptors old_ones;
  Descriptors new_ones;
  for (const rocksdb::ColumnFamilyDescriptor& family : families) {
    const bool there = std::find(present.begin(), present.end(), family.name) != present.end();
    (there ? old_ones : new_ones).push_back(family);
  }
  Handles opened;
  rocksdb::DB* raw = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(options, path, old_ones, &opened, &raw);
  if (!status.ok()) return status;
  db->reset(raw);
  if (!new_ones.empty()) {
    Handles made;
    status = raw->CreateColumnFamilies(new_ones, &made);
    opened.insert(opened.end(), made.begin(), made.end());
    if (!status.ok()) {  // Those that were made are there at the next start.
      for (rocksdb::ColumnFamilyHandle* handle : opened) {
        raw->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
      }
      db->reset();
      return status;
    }
  }
  handles->clear();
  for (const rocksdb::ColumnFamilyDescriptor& family : families) {
    handles->push_back(*std::find_if(opened.begin(), opened.end(), [&](const auto* one) {
      return one->GetName() == family.name;
    }));
  }
  return status;
}

}  // namespace tollgate
