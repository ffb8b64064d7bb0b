#include "billing/store/rocksdb_ledger_store.h"

#include <rocksdb/db.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>

#include "base/check.h"
#include "tests/billing/store/ledger_store_conformance.h"
#include "tests/support/temp_dir.h"

namespace tollgate::billing {
namespace {

class RocksdbFactory {
 public:
  RocksdbFactory() { Reopen(); }
  LedgerStore& store() { return *store_; }
  void Reopen() {
    store_.reset();
    auto opened = RocksdbLedgerStore::Open(dir_.File("ledger"));
    CHECK(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

 private:
  TempDir dir_;
  std::unique_ptr<RocksdbLedgerStore> store_;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Rocksdb, LedgerStoreConformance, RocksdbFactory);

TEST(RocksdbLedgerStoreTest, OneProcessAtATime) {
  TempDir dir;
  ASSERT_OK_AND_ASSIGN(const auto first, RocksdbLedgerStore::Open(dir.File("ledger")));
  EXPECT_THAT(RocksdbLedgerStore::Open(dir.File("ledger")),
              StatusIs(absl::StatusCode::kUnavailable));
}

// It had other families, so that RocksDB alone would only say that some were not opened.
TEST(RocksdbLedgerStoreTest, RefusesAStoreOfAnEarlierFormatAndSaysWhich) {
  TempDir dir;
  rocksdb::Options options;
  options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, dir.File("ledger"), &raw).ok());
  std::unique_ptr<rocksdb::DB> database(raw);
  rocksdb::ColumnFamilyHandle* usage = nullptr;
  ASSERT_TRUE(database->CreateColumnFamily({}, "usage", &usage).ok());
  ASSERT_TRUE(database->Put({}, "format_version", "3").ok());
  ASSERT_TRUE(database->DestroyColumnFamilyHandle(usage).ok());
  database.reset();
  EXPECT_THAT(RocksdbLedgerStore::Open(dir.File("ledger")),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       testing::HasSubstr("format version 3, this program knows version 4")));
}

// A process that writes commits until it is killed tells through a pipe what was acknowledged. Each
// time, everything acknowledged must be there, and nothing may be there by half.
TEST(RocksdbLedgerStoreTest, WhatWasAcknowledgedSurvivesKill) {
  TempDir dir;
  std::uint64_t acknowledged = 0;
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      ::close(pipe_ends[0]);
      auto store = RocksdbLedgerStore::Open(dir.File("ledger"));
      if (!store.ok()) ::_exit(3);
      Ledger ledger((*store)->Load()->ledger);
      while (true) {
        LedgerEffects effects;
        for (int i = 0; i < 3; ++i) {
          ledger.Apply({EntryKind::kTopUp,
                        "ws_1",
                        "k" + std::to_string(ledger.last_sequence()),
                        {{"wallet/ws_1", Money::FromNanoUsd(1)}, {"cash", Money::FromNanoUsd(-1)}},
                        "",
                        ""},
                       absl::UnixEpoch(), &effects);
        }
        Commit commit;
        commit.entries = effects.entries;
        commit.balances = effects.balances;
        commit.keys = effects.keys;
        if (!(*store)->Write(commit).ok()) ::_exit(4);
        const std::uint64_t last = ledger.last_sequence();
        if (::write(pipe_ends[1], &last, sizeof last) != sizeof last) ::_exit(5);
      }
    }
    ::close(pipe_ends[1]);
    std::uint64_t last = 0;
    for (int i = 0; i < 10 + round; ++i) {
      ASSERT_EQ(::read(pipe_ends[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
    }
    ::kill(child, SIGKILL);
    while (::read(pipe_ends[0], &last, sizeof last) == static_cast<ssize_t>(sizeof last)) {
    }
    ::close(pipe_ends[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "exit status " << WEXITSTATUS(status);
    acknowledged = last;

    ASSERT_OK_AND_ASSIGN(const auto store, RocksdbLedgerStore::Open(dir.File("ledger")));
    ASSERT_OK_AND_ASSIGN(const StoredState state, store->Load());
    EXPECT_GE(state.ledger.last_sequence, acknowledged);
    EXPECT_LE(state.ledger.last_sequence, acknowledged + 3);
    EXPECT_EQ(state.ledger.last_sequence % 3, 0u) << "half a commit";
    EXPECT_EQ(state.ledger.balances.at("wallet/ws_1").nano_usd(),
              static_cast<std::int64_t>(state.ledger.last_sequence));
    EXPECT_EQ(state.ledger.keys.size(), state.ledger.last_sequence);
  }
}

}  // namespace
}  // namespace tollgate::billing
