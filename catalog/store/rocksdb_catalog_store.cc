#include "catalog/store/rocksdb_catalog_store.h"

#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/rocksdb_open.h"
#include "base/status_macros.h"
#include "catalog/wire/facts_proto.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/write_batch.h"

namespace tollgate::catalog {
namespace {

constexpr const char* kFormatVersion = "1";
constexpr const char* kFormatKey = "format";
constexpr const char* kSeedKey = "seed_digest";

// Positions in kFamilies.
enum Family { kDefault, kModels, kProviders, kOfferings, kPriceVersions, kMeta, kFamilyCount };
constexpr const char* kFamilies[kFamilyCount] = {"default",   "models",         "providers",
                                                 "offerings", "price_versions", "meta"};

absl::Status FromRocksdb(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string message = absl::StrCat("catalog store: ", status.ToString());
  if (status.IsCorruption()) return absl::DataLossError(message);
  if (status.IsIOError() && status.ToString().find("lock") != std::string::npos) {
    return absl::FailedPreconditionError(message);
  }
  return absl::UnavailableError(message);
}

// What an offering's value holds: the offering, with its price versions by id alone.
v1::Offering WithVersionIds(const Offering& offering) {
  Offering bare = offering;
  bare.price_versions.clear();
  v1::Offering message = ToProto(bare);
  for (const SourcedPriceVersion& sourced : offering.price_versions) {
    message.add_price_versions()->set_id(sourced.version.id);
  }
  return message;
}

}  // namespace

class RocksdbCatalogStore::Impl {
 public:
  absl::Status Open(const std::string& folder) {
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.max_open_files = 64;  // A few MB in a handful of files.
    options.keep_log_file_num = 2;
    // A catalog is small and is written seldom: memory before write speed.
    rocksdb::ColumnFamilyOptions family_options;
    family_options.write_buffer_size = std::size_t{4} << 20;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const char* name : kFamilies) families.emplace_back(name, family_options);
    TG_RETURN_IF_ERROR(FromRocksdb(OpenRocksdb(options, folder, families, &handles_, &db_)));
    return CheckFormat();
  }

  ~Impl() {
    for (rocksdb::ColumnFamilyHandle* handle : handles_) {
      // Fails only for a handle that is not the database's.
      CHECK(db_->DestroyColumnFamilyHandle(handle).ok());
    }
  }

  absl::StatusOr<StoredCatalog> Load() {
    StoredCatalog stored;
    CatalogState& state = stored.state;
    TG_RETURN_IF_ERROR(ForEach<pricing::v1::PriceVersion>(
        kPriceVersions, [&](const pricing::v1::PriceVersion& message) -> absl::Status {
          TG_ASSIGN_OR_RETURN(SourcedPriceVersion sourced, FromProto(message));
          state.price_versions.emplace(message.id(), std::move(sourced));
          return absl::OkStatus();
        }));
    TG_RETURN_IF_ERROR(ForEach<v1::Model>(kModels, [&](const v1::Model& message) {
      state.models.emplace(message.id(), FromProto(message));
      return absl::OkStatus();
    }));
    TG_RETURN_IF_ERROR(
        ForEach<v1::Provider>(kProviders, [&](const v1::Provider& message) -> absl::Status {
          TG_ASSIGN_OR_RETURN(Provider provider, FromProto(message));
          state.providers.emplace(message.id(), std::move(provider));
          return absl::OkStatus();
        }));
    TG_RETURN_IF_ERROR(ForEach<v1::Offering>(kOfferings, [&](v1::Offering message) -> absl::Status {
      return LoadOffering(std::move(message), state);
    }));
    const rocksdb::Status read =
        db_->Get(rocksdb::ReadOptions(), handles_[kMeta], kSeedKey, &stored.seed_digest);
    if (!read.IsNotFound()) TG_RETURN_IF_ERROR(FromRocksdb(read));
    return stored;
  }

  absl::Status Write(const StoreBatch& batch) {
    rocksdb::WriteBatch writes;
    const auto put = [&](Family family, const std::string& key, const std::string& value) {
      return FromRocksdb(writes.Put(handles_[family], key, value));
    };
    for (const SourcedPriceVersion& sourced : batch.price_versions) {
      TG_RETURN_IF_ERROR(CheckUnchanged(sourced));
      TG_RETURN_IF_ERROR(
          put(kPriceVersions, sourced.version.id, ToProto(sourced).SerializeAsString()));
    }
    for (const Model& model : batch.facts.models) {
      TG_RETURN_IF_ERROR(put(kModels, model.id, ToProto(model).SerializeAsString()));
    }
    for (const Provider& provider : batch.facts.providers) {
      TG_RETURN_IF_ERROR(put(kProviders, provider.id, ToProto(provider).SerializeAsString()));
    }
    for (const Offering& offering : batch.facts.offerings) {
      TG_RETURN_IF_ERROR(
          put(kOfferings, offering.id, WithVersionIds(offering).SerializeAsString()));
    }
    if (batch.seed_digest) TG_RETURN_IF_ERROR(put(kMeta, kSeedKey, *batch.seed_digest));
    rocksdb::WriteOptions synced;
    synced.sync = true;
    return FromRocksdb(db_->Write(synced, &writes));
  }

 private:
  absl::Status CheckFormat() {
    std::string version;
    const rocksdb::Status read =
        db_->Get(rocksdb::ReadOptions(), handles_[kMeta], kFormatKey, &version);
    if (read.IsNotFound()) {
      rocksdb::WriteOptions synced;
      synced.sync = true;
      return FromRocksdb(db_->Put(synced, handles_[kMeta], kFormatKey, kFormatVersion));
    }
    TG_RETURN_IF_ERROR(FromRocksdb(read));
    if (version == kFormatVersion) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        "the catalog store has format ", version, "; this program reads format ", kFormatVersion));
  }

  // Calls `visit` with each value of the family.
  template <typename Message, typename Visitor>
  absl::Status ForEach(Family family, Visitor visit) {
    const std::unique_ptr<rocksdb::Iterator> iterator(
        db_->NewIterator(rocksdb::ReadOptions(), handles_[family]));
    for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
      Message message;
      if (!message.ParseFromArray(iterator->value().data(),
                                  static_cast<int>(iterator->value().size())) ||
          message.id() != iterator->key().ToStringView()) {
        return Damaged(iterator->key().ToString());
      }
      if (!visit(std::move(message)).ok()) return Damaged(iterator->key().ToString());
    }
    return FromRocksdb(iterator->status());
  }

  static absl::Status Damaged(const std::string& key) {
    return absl::DataLossError(absl::StrCat("catalog store: the value of '", key,
                                            "' cannot be read or does not fit the others"));
  }

  static absl::Status LoadOffering(v1::Offering message, CatalogState& state) {
    std::vector<SourcedPriceVersion> history;
    for (const pricing::v1::PriceVersion& named : message.price_versions()) {
      const auto found = state.price_versions.find(named.id());
      if (found == state.price_versions.end()) return Damaged(message.id());
      history.push_back(found->second);
    }
    message.clear_price_versions();
    TG_ASSIGN_OR_RETURN(Offering offering, FromProto(message));
    offering.price_versions = std::move(history);
    state.offerings.emplace(message.id(), std::move(offering));
    return absl::OkStatus();
  }

  absl::Status CheckUnchanged(const SourcedPriceVersion& sourced) {
    std::string value;
    const rocksdb::Status read =
        db_->Get(rocksdb::ReadOptions(), handles_[kPriceVersions], sourced.version.id, &value);
    if (read.IsNotFound()) return absl::OkStatus();
    TG_RETURN_IF_ERROR(FromRocksdb(read));
    pricing::v1::PriceVersion message;
    if (!message.ParseFromString(value)) return Damaged(sourced.version.id);
    const absl::StatusOr<SourcedPriceVersion> kept = FromProto(message);
    if (kept.ok() && SamePriceVersion(*kept, sourced)) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat("price version ", sourced.version.id, " exists with other contents"));
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;  // By Family.
};

RocksdbCatalogStore::RocksdbCatalogStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
RocksdbCatalogStore::~RocksdbCatalogStore() = default;

absl::StatusOr<std::unique_ptr<RocksdbCatalogStore>> RocksdbCatalogStore::Open(
    const std::string& folder) {
  auto impl = std::make_unique<Impl>();
  TG_RETURN_IF_ERROR(impl->Open(folder));
  return std::unique_ptr<RocksdbCatalogStore>(new RocksdbCatalogStore(std::move(impl)));
}

absl::StatusOr<StoredCatalog> RocksdbCatalogStore::Load() { return impl_->Load(); }

absl::Status RocksdbCatalogStore::Write(const StoreBatch& batch) { return impl_->Write(batch); }

}  // namespace tollgate::catalog
