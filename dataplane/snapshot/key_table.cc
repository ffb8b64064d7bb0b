#include "dataplane/snapshot/key_table.h"

#include <algorithm>
#include <cstring>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "base/check.h"
#include "base/string_views.h"
#include "dataplane/snapshot/edit_token.h"

namespace tollgate::dataplane {
namespace key_table_internal {

struct Record {
  Sha256Digest digest;
  std::uint64_t resource_hash;
  std::int64_t expire_ns;  // Unix; the maximum = never.
  std::uint32_t workspace;
  std::uint32_t text_offset;    // Of the id in Shard::text; attachments and allow-list follow it.
  std::uint32_t allowed_bytes;  // Entries of 2 bytes length, then the text.
  std::uint8_t id_bytes;
  bool revoked;
  bool manages_quotas;
  std::uint8_t attached_bytes;  // Of project, member and limits (Attachments); 0 for a plain key.
};
static_assert(sizeof(Record) == 64);

struct Shard {
  std::uint64_t edit = 0;
  std::vector<Record> records;       // Dense, in no order.
  std::vector<std::uint16_t> table;  // Open addressing, linear; 0 = empty, else index + 1.
  std::string text;
  std::size_t dead_text = 0;

  std::string_view Id(const Record& record) const {
    return {text.data() + record.text_offset, record.id_bytes};
  }
  std::string_view Attached(const Record& record) const {
    return {text.data() + record.text_offset + record.id_bytes, record.attached_bytes};
  }
  std::string_view Allowed(const Record& record) const {
    return {text.data() + record.text_offset + record.id_bytes + record.attached_bytes,
            record.allowed_bytes};
  }
  static std::size_t TextBytes(const Record& record) {
    return std::size_t{record.id_bytes} + record.attached_bytes + record.allowed_bytes;
  }
};

// From a key's id to where its record is.
struct IdShard {
  struct Entry {
    std::uint64_t id_hash;
    std::uint64_t digest_prefix;
    friend auto operator<=>(const Entry&, const Entry&) = default;
  };
  std::uint64_t edit = 0;
  std::vector<Entry> entries;  // Sorted.
};

}  // namespace key_table_internal

namespace {

using key_table_internal::IdShard;
using key_table_internal::Record;
using key_table_internal::Shard;

// For more than that memory is taken as they come.
constexpr std::size_t kExpectedMax = 4'000'000;
// Of a key without allow-list, project and member: its id.
constexpr std::size_t kTextBytesUsual = 24;

// The first eight bytes; the digest is uniform, so its parts serve as hashes.
std::uint64_t Prefix(const Sha256Digest& digest) {
  std::uint64_t value;
  std::memcpy(&value, digest.data(), sizeof(value));
  return value;
}

std::size_t ShardIndex(std::uint64_t digest_prefix) { return digest_prefix >> 52; }

std::size_t ProbeStart(std::uint64_t digest_prefix, std::size_t table_size) {
  return digest_prefix & (table_size - 1);
}

std::uint64_t IdHash(std::string_view id) { return absl::Hash<absl::string_view>{}(AbslView(id)); }

void AddToTable(Shard& shard, std::uint16_t index) {
  const std::size_t mask = shard.table.size() - 1;
  std::size_t at = ProbeStart(Prefix(shard.records[index].digest), shard.table.size());
  while (shard.table[at] != 0) at = (at + 1) & mask;
  shard.table[at] = static_cast<std::uint16_t>(index + 1);
}

void RebuildTable(Shard& shard, std::size_t slots) {
  shard.table.assign(slots, 0);
  for (std::size_t i = 0; i < shard.records.size(); ++i) {
    AddToTable(shard, static_cast<std::uint16_t>(i));
  }
}

// At most 5/8 full, so that a miss probes little.
std::size_t SlotsFor(std::size_t records) {
  std::size_t slots = 8;
  while (slots * 5 / 8 < records) slots *= 2;
  return slots;
}

const Record* FindRecord(const Shard& shard, const Sha256Digest& digest) {
  const std::uint64_t prefix = Prefix(digest);
  const std::size_t mask = shard.table.size() - 1;
  for (std::size_t at = ProbeStart(prefix, shard.table.size()); shard.table[at] != 0;
       at = (at + 1) & mask) {
    const Record& record = shard.records[shard.table[at] - 1u];
    if (Prefix(record.digest) == prefix && ConstantTimeEqual(record.digest, digest)) {
      return &record;
    }
  }
  return nullptr;
}

const Record* FindById(const Shard& shard, std::uint64_t prefix, std::string_view id) {
  const std::size_t mask = shard.table.size() - 1;
  for (std::size_t at = ProbeStart(prefix, shard.table.size()); shard.table[at] != 0;
       at = (at + 1) & mask) {
    const Record& record = shard.records[shard.table[at] - 1u];
    if (Prefix(record.digest) == prefix && shard.Id(record) == id) return &record;
  }
  return nullptr;
}

// The record that an entry of the index of ids is about.
const Record* FindByHashes(const Shard& shard, const IdShard::Entry& entry) {
  const std::size_t mask = shard.table.size() - 1;
  for (std::size_t at = ProbeStart(entry.digest_prefix, shard.table.size()); shard.table[at] != 0;
       at = (at + 1) & mask) {
    const Record& record = shard.records[shard.table[at] - 1u];
    if (Prefix(record.digest) == entry.digest_prefix && IdHash(shard.Id(record)) == entry.id_hash) {
      return &record;
    }
  }
  return nullptr;
}

void CompactText(Shard& shard) {
  std::string text;
  text.reserve(shard.text.size() - shard.dead_text);
  for (Record& record : shard.records) {
    const std::size_t bytes = Shard::TextBytes(record);
    const auto offset = static_cast<std::uint32_t>(text.size());
    text.append(shard.text, record.text_offset, bytes);
    record.text_offset = offset;
  }
  shard.text = std::move(text);
  shard.dead_text = 0;
}

// Grows by a quarter: a vector's doubling would waste a third on average.
template <typename Container>
void ReserveOneMore(Container& container) {
  if (container.size() == container.capacity()) {
    container.reserve(container.size() + container.size() / 4 + 8);
  }
}

Record& AddRecord(Shard& shard) {
  CHECK_LT(shard.records.size(), 65'000u) << "the key table is made for some 100 million keys";
  ReserveOneMore(shard.records);
  return shard.records.emplace_back();
}

// What few keys have: "<length><project><length><member>", then the three limits if there are any.
std::string Attachments(const KeyFacts& facts) {
  std::string out;
  if (facts.project_id.empty() && facts.member_id.empty() && facts.limits == RateLimits{}) {
    return out;
  }
  for (const std::string_view id : {facts.project_id, facts.member_id}) {
    out.push_back(static_cast<char>(id.size()));
    out.append(id);
  }
  if (facts.limits == RateLimits{}) return out;
  for (const std::int64_t limit :
       {facts.limits.requests_per_minute, facts.limits.tokens_per_minute,
        facts.limits.concurrent_requests}) {
    char bytes[sizeof(limit)];
    std::memcpy(bytes, &limit, sizeof(limit));
    out.append(bytes, sizeof(limit));
  }
  return out;
}

// Takes an id with its length off the front; empty when there is nothing.
std::string_view TakeId(std::string_view& attached) {
  if (attached.empty()) return {};
  const std::size_t bytes = static_cast<unsigned char>(attached[0]);
  const std::string_view id = attached.substr(1, bytes);
  attached.remove_prefix(1 + bytes);
  return id;
}

void Write(Shard& shard, Record& record, const KeyFacts& facts) {
  CHECK_LE(facts.id.size(), 255u);
  CHECK_LE(facts.project_id.size(), 63u);  // Resource ids: validated.
  CHECK_LE(facts.member_id.size(), 63u);
  record.digest = facts.digest;
  record.resource_hash = facts.resource_hash;
  record.expire_ns = absl::ToUnixNanos(facts.expire_time);
  record.workspace = facts.workspace;
  record.revoked = facts.revoked;
  record.text_offset = static_cast<std::uint32_t>(shard.text.size());
  record.id_bytes = static_cast<std::uint8_t>(facts.id.size());
  std::size_t allowed = 0;
  for (std::string_view name : facts.allowed_models) allowed += 2 + name.size();
  const std::string attached = Attachments(facts);
  const std::size_t needed = shard.text.size() + facts.id.size() + attached.size() + allowed;
  if (needed > shard.text.capacity()) shard.text.reserve(needed + needed / 4);
  shard.text.append(facts.id);
  shard.text.append(attached);
  record.manages_quotas = facts.manages_quotas;
  record.attached_bytes = static_cast<std::uint8_t>(attached.size());
  for (std::string_view name : facts.allowed_models) {
    shard.text.push_back(static_cast<char>(name.size() & 0xff));
    shard.text.push_back(static_cast<char>(name.size() >> 8));
    shard.text.append(name);
  }
  record.allowed_bytes = static_cast<std::uint32_t>(allowed);
}

// Calls visit(name) for each entry until it returns true; whether one did.
template <typename Visit>
bool AnyAllowed(std::string_view allowed, Visit visit) {
  while (allowed.size() >= 2) {
    const std::size_t bytes = static_cast<unsigned char>(allowed[0]) |
                              static_cast<std::size_t>(static_cast<unsigned char>(allowed[1])) << 8;
    if (visit(allowed.substr(2, bytes))) return true;
    allowed.remove_prefix(2 + bytes);
  }
  return false;
}

}  // namespace

std::string_view KeyRef::id() const { return shard_->Id(*record_); }
std::uint32_t KeyRef::workspace() const { return record_->workspace; }
bool KeyRef::revoked() const { return record_->revoked; }
std::uint64_t KeyRef::resource_hash() const { return record_->resource_hash; }
const Sha256Digest& KeyRef::digest() const { return record_->digest; }
bool KeyRef::manages_quotas() const { return record_->manages_quotas; }

std::string_view KeyRef::project_id() const {
  std::string_view attached = shard_->Attached(*record_);
  return TakeId(attached);
}

std::string_view KeyRef::member_id() const {
  std::string_view attached = shard_->Attached(*record_);
  TakeId(attached);
  return TakeId(attached);
}

RateLimits KeyRef::limits() const {
  std::string_view attached = shard_->Attached(*record_);
  TakeId(attached);
  TakeId(attached);
  RateLimits limits;
  if (attached.empty()) return limits;
  std::int64_t values[3];
  CHECK_EQ(attached.size(), sizeof(values));
  std::memcpy(values, attached.data(), sizeof(values));
  limits.requests_per_minute = values[0];
  limits.tokens_per_minute = values[1];
  limits.concurrent_requests = values[2];
  return limits;
}

bool KeyRef::allows_all() const { return record_->allowed_bytes == 0; }

bool KeyRef::ExpiredAt(absl::Time now) const {
  return record_->expire_ns != std::numeric_limits<std::int64_t>::max() &&
         absl::ToUnixNanos(now) >= record_->expire_ns;
}

absl::Time KeyRef::expire_time() const {
  return record_->expire_ns == std::numeric_limits<std::int64_t>::max()
             ? absl::InfiniteFuture()
             : absl::FromUnixNanos(record_->expire_ns);
}

bool KeyRef::Allows(std::string_view name) const {
  if (allows_all()) return true;
  return AnyAllowed(shard_->Allowed(*record_), [name](std::string_view entry) {
    if (!entry.empty() && entry.back() == '*') {
      return name.starts_with(entry.substr(0, entry.size() - 1));
    }
    return entry == name;
  });
}

std::vector<std::string> KeyRef::AllowedModels() const {
  std::vector<std::string> names;
  AnyAllowed(shard_->Allowed(*record_), [&names](std::string_view entry) {
    names.emplace_back(entry);
    return false;
  });
  return names;
}

KeyTable::KeyTable() : shards_(kShards), id_shards_(kShards), edit_(NewEditToken()) {}

void KeyTable::BeginEdit() { edit_ = NewEditToken(); }

std::optional<KeyRef> KeyTable::Find(const Sha256Digest& digest) const {
  const Shard* shard = shards_[ShardIndex(Prefix(digest))].get();
  if (shard == nullptr) return std::nullopt;
  const Record* record = FindRecord(*shard, digest);
  if (record == nullptr) return std::nullopt;
  return KeyRef(shard, record);
}

std::optional<KeyRef> KeyTable::FindById(std::string_view id) const {
  const std::uint64_t hash = IdHash(id);
  const IdShard* ids = id_shards_[hash >> 52].get();
  if (ids == nullptr) return std::nullopt;
  auto it = std::lower_bound(ids->entries.begin(), ids->entries.end(), IdShard::Entry{hash, 0});
  for (; it != ids->entries.end() && it->id_hash == hash; ++it) {
    const Shard* shard = shards_[ShardIndex(it->digest_prefix)].get();
    if (shard == nullptr) continue;
    const Record* record = dataplane::FindById(*shard, it->digest_prefix, id);
    if (record != nullptr) return KeyRef(shard, record);
  }
  return std::nullopt;
}

Shard& KeyTable::Editable(std::size_t index) {
  std::shared_ptr<Shard>& shard = shards_[index];
  if (shard == nullptr) {
    shard = std::make_shared<Shard>();
    shard->table.assign(8, 0);
    shard->edit = edit_;
  } else if (shard->edit != edit_) {
    shard = std::make_shared<Shard>(*shard);
    shard->edit = edit_;
    if (shard->dead_text > shard->text.size() / 2) CompactText(*shard);
  }
  return *shard;
}

IdShard& KeyTable::EditableIds(std::size_t index) {
  std::shared_ptr<IdShard>& shard = id_shards_[index];
  if (shard == nullptr) {
    shard = std::make_shared<IdShard>();
    shard->edit = edit_;
  } else if (shard->edit != edit_) {
    shard = std::make_shared<IdShard>(*shard);
    shard->edit = edit_;
  }
  return *shard;
}

bool KeyTable::Upsert(const KeyFacts& facts) {
  const std::optional<KeyRef> owner = Find(facts.digest);
  if (owner.has_value() && owner->id() != facts.id) return false;
  const std::uint64_t prefix = Prefix(facts.digest);
  if (owner.has_value()) {
    const std::ptrdiff_t index = owner->record_ - owner->shard_->records.data();
    Shard& shard = Editable(ShardIndex(prefix));
    Record& record = shard.records[static_cast<std::size_t>(index)];
    shard.dead_text += Shard::TextBytes(record);
    Write(shard, record, facts);
    return true;
  }
  Remove(facts.id);  // A key whose digest changed.
  Shard& shard = Editable(ShardIndex(prefix));
  Write(shard, AddRecord(shard), facts);
  if (SlotsFor(shard.records.size()) > shard.table.size()) {
    RebuildTable(shard, SlotsFor(shard.records.size()));
  } else {
    AddToTable(shard, static_cast<std::uint16_t>(shard.records.size() - 1));
  }
  const std::uint64_t hash = IdHash(facts.id);
  IdShard& ids = EditableIds(hash >> 52);
  const IdShard::Entry entry{hash, prefix};
  ReserveOneMore(ids.entries);
  ids.entries.insert(std::upper_bound(ids.entries.begin(), ids.entries.end(), entry), entry);
  ++size_;
  return true;
}

bool KeyTable::Remove(std::string_view id) {
  const std::optional<KeyRef> key = FindById(id);
  if (!key.has_value()) return false;
  const auto index = static_cast<std::size_t>(key->record_ - key->shard_->records.data());
  const std::uint64_t prefix = Prefix(key->digest());
  const std::uint64_t hash = IdHash(id);
  Shard& shard = Editable(ShardIndex(prefix));
  Record& record = shard.records[index];
  shard.dead_text += Shard::TextBytes(record);
  record = shard.records.back();
  shard.records.pop_back();
  RebuildTable(shard, SlotsFor(shard.records.size()));
  IdShard& ids = EditableIds(hash >> 52);
  const IdShard::Entry entry{hash, prefix};
  auto it = std::lower_bound(ids.entries.begin(), ids.entries.end(), entry);
  CHECK(it != ids.entries.end() && *it == entry) << "a key is in the table but not in its index";
  ids.entries.erase(it);
  --size_;
  return true;
}

void KeyTable::Expect(std::size_t keys) {
  // A shard has some more or less than its share.
  expected_in_shard_ = keys < kShards ? 0 : std::min(keys, kExpectedMax) / kShards * 9 / 8 + 16;
}

void KeyTable::Append(const KeyFacts& facts) {
  Shard& shard = Editable(ShardIndex(Prefix(facts.digest)));
  if (shard.records.empty()) {
    shard.records.reserve(expected_in_shard_);
    shard.text.reserve(expected_in_shard_ * kTextBytesUsual);
  }
  Write(shard, AddRecord(shard), facts);
  ++size_;
}

std::optional<KeyRef> KeyTable::IndexDigests() {
  for (const auto& shard : shards_) {
    if (shard == nullptr) continue;
    shard->table.assign(SlotsFor(shard->records.size()), 0);
    for (std::size_t i = 0; i < shard->records.size(); ++i) {
      const Record* same = FindRecord(*shard, shard->records[i].digest);
      if (same != nullptr) return KeyRef(shard.get(), same);
      AddToTable(*shard, static_cast<std::uint16_t>(i));
    }
  }
  return std::nullopt;
}

std::optional<KeyRef> KeyTable::IndexIds() {
  for (const auto& shard : shards_) {
    if (shard == nullptr) continue;
    for (const Record& record : shard->records) {
      const std::uint64_t hash = IdHash(shard->Id(record));
      IdShard& ids = EditableIds(hash >> 52);
      if (ids.entries.empty()) ids.entries.reserve(expected_in_shard_);
      ReserveOneMore(ids.entries);
      ids.entries.push_back({hash, Prefix(record.digest)});
    }
  }
  for (const auto& ids : id_shards_) {
    if (ids == nullptr) continue;
    std::sort(ids->entries.begin(), ids->entries.end());
    for (std::size_t i = 1; i < ids->entries.size(); ++i) {
      if (ids->entries[i - 1].id_hash != ids->entries[i].id_hash) continue;
      // The same id, or two with the same hash: then the former is found by its own.
      const Shard& shard = *shards_[ShardIndex(ids->entries[i].digest_prefix)];
      const Record* record = FindByHashes(shard, ids->entries[i]);
      CHECK(record != nullptr) << "a key is in the index but not in the table";
      const std::optional<KeyRef> first = FindById(shard.Id(*record));
      if (!first.has_value() || first->record_ != record) return KeyRef(&shard, record);
    }
  }
  return std::nullopt;
}

std::optional<KeyRef> KeyTable::Index() {
  const std::optional<KeyRef> twice = IndexDigests();
  return twice.has_value() ? twice : IndexIds();
}

std::size_t KeyTable::MemoryBytes() const {
  std::size_t bytes = (shards_.capacity() + id_shards_.capacity()) * sizeof(shards_[0]);
  for (const auto& shard : shards_) {
    if (shard == nullptr) continue;
    bytes += sizeof(Shard) + shard->records.capacity() * sizeof(Record) +
             shard->table.capacity() * sizeof(std::uint16_t) + shard->text.capacity();
  }
  for (const auto& shard : id_shards_) {
    if (shard == nullptr) continue;
    bytes += sizeof(IdShard) + shard->entries.capacity() * sizeof(IdShard::Entry);
  }
  return bytes;
}

}  // namespace tollgate::dataplane
