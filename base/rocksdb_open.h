// Opens a RocksDB database with its column families.
#ifndef TOLLGATE_BASE_ROCKSDB_OPEN_H_
#define TOLLGATE_BASE_ROCKSDB_OPEN_H_

#include <rocksdb/db.h>

#include <memory>
#include <string>
#include <vector>

namespace tollgate {

// As rocksdb::DB::Open(), and makes the families that are missing: all in one step.  By itself
// (create_missing_column_families) RocksDB makes one after another, and writes and syncs its file
// of options anew for each; of a dozen families that is most of a first start.  `options` says
// whether a missing database is made.  `families` names each once, "default" included; `handles`
// has their order.  Files are opened by this thread alone.
rocksdb::Status OpenRocksdb(rocksdb::DBOptions options, const std::string& path,
                            const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                            std::vector<rocksdb::ColumnFamilyHandle*>* handles,
                            std::unique_ptr<rocksdb::DB>* db);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_ROCKSDB_OPEN_H_
