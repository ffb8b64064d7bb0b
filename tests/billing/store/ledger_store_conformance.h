// What every LedgerStore must do.  An implementation instantiates the suite with a factory:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, LedgerStoreConformance, MemoryStoreFactory);
//
// A factory has `LedgerStore& store()`, and `void Reopen()`, which closes and opens the store again
// as after a crash (the memory store only keeps what it has).
#ifndef TOLLGATE_TESTS_BILLING_STORE_LEDGER_STORE_CONFORMANCE_H_
#define TOLLGATE_TESTS_BILLING_STORE_LEDGER_STORE_CONFORMANCE_H_

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "billing/ledger/entry_codec.h"
#include "billing/ledger/usage_poster.h"
#include "billing/store/ledger_store.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {

template <typename Factory>
class LedgerStoreConformance : public testing::Test {
 protected:
  LedgerStore& store() { return factory_.store(); }

  // A commit of `count` entries for one workspace, chained to what was written before.
  Commit Entries(const std::string& workspace, EntryKind kind, int count) {
    LedgerEffects effects;
    for (int i = 0; i < count; ++i) {
      const Money amount = Money::FromNanoUsd(1);
      const Transfer transfer{kind,
                              workspace,
                              "key/" + std::to_string(ledger_.last_sequence()),
                              {{WalletAccount(workspace), amount}, {"cash", -amount}},
                              "text",
                              ""};
      ledger_.Apply(transfer, absl::UnixEpoch() + absl::Seconds(1), &effects);
    }
    Commit commit;
    commit.entries = effects.entries;
    commit.balances = effects.balances;
    commit.keys = effects.keys;
    return commit;
  }
  // A record; its bytes are "<generation>#<attempt>".
  struct Usage {
    std::string generation;
    std::uint32_t attempt = 1;
    std::string key = "key_1";
    std::string workspace = "ws_1";
  };
  // Posts them as one batch of one lane.
  void AddUsage(const std::vector<Usage>& records, Commit& commit) {
    LedgerEffects effects;
    UsagePoster poster(ledger_, records.size(), absl::UnixEpoch() + absl::Seconds(1));
    const LaneKey lane{"n", 1, 0};
    std::deque<std::string> bytes;
    for (const Usage& record : records) {
      UsageFacts facts;
      facts.lane = &lane;
      facts.number = bytes.size() + 1;
      facts.attempt = record.attempt;
      facts.workspace_id = record.workspace;
      facts.key_id = record.key;
      facts.generation_id = record.generation;
      facts.model_id = "m";
      facts.provider_id = "p";
      facts.record = bytes.emplace_back(record.generation + "#" + std::to_string(record.attempt));
      facts.digest = Sha256(facts.record);
      EXPECT_EQ(poster.Post(facts), Outcome::kCreated);
    }
    poster.Finish(&effects);
    commit.balances.insert(effects.balances.begin(), effects.balances.end());
    for (UsageRun& run : effects.runs) commit.runs.push_back(std::move(run));
  }
  static std::vector<std::uint64_t> Sequences(const std::vector<Entry>& entries) {
    std::vector<std::uint64_t> sequences;
    for (const Entry& entry : entries) sequences.push_back(entry.sequence);
    return sequences;
  }

  Ledger ledger_;
  Factory factory_;
};
TYPED_TEST_SUITE_P(LedgerStoreConformance);

TYPED_TEST_P(LedgerStoreConformance, AnEmptyStoreHasNothing) {
  ASSERT_OK_AND_ASSIGN(const StoredState state, this->store().Load());
  EXPECT_EQ(state.ledger.last_sequence, 0u);
  EXPECT_TRUE(state.accounts.empty() && state.leases.empty() && state.config.empty());
  EXPECT_THAT(this->store().ReadEntry(0), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(this->store().ReadEntry(1), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(this->store().ReadAccount("wallet/x"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(this->store().ReadGeneration("ws_1", "gen_1"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(this->store().ListGenerationIds({"ws_1", "", "", 10}),
              IsOkAndHolds(testing::IsEmpty()));
}

TYPED_TEST_P(LedgerStoreConformance, StateSurvivesReopening) {
  Commit commit = this->Entries("ws_1", EntryKind::kTopUp, 3);
  const LeaseRow lease{{"wallet/ws_1", "n", 1},
                       {Money::FromNanoUsd(9), Money::FromNanoUsd(2), Money::FromNanoUsd(3)},
                       true};
  const AccountRow account{"wallet/ws_1", Money::FromNanoUsd(3), Money::FromNanoUsd(1),
                           Money::FromNanoUsd(2)};
  const NodeRow node{"n", 7, std::string("s\0x", 3)};
  const DigestRow digest{{{"n", 1, 4}, kLaneDigestsMax + 5}, Shorten(Sha256("x"))};
  const DigestRun run{digest.record.lane, digest.record.sequence, {digest.digest}};
  commit.leases[lease.key] = lease;
  commit.accounts[account.account] = account;
  commit.nodes[node.node_id] = node;
  commit.lanes.lanes[{"n", 1, 4}] = {{"n", 1, 4}, 1029};
  commit.lanes.digests = {run};
  commit.config = {{false, {}, {{"budget/b", "bytes"}}, "rev"}};
  ASSERT_OK(this->store().Write(commit));
  this->factory_.Reopen();
  ASSERT_OK_AND_ASSIGN(const StoredState state, this->store().Load());
  EXPECT_EQ(state.ledger.last_sequence, 3u);
  EXPECT_EQ(state.ledger.last_hash, commit.entries.back().hash);
  EXPECT_EQ(state.ledger.last_time, commit.entries.back().time);
  EXPECT_EQ(state.ledger.balances, commit.balances);
  EXPECT_THAT(state.ledger.keys, testing::UnorderedElementsAreArray(commit.keys));
  EXPECT_THAT(state.leases, testing::ElementsAre(lease));
  EXPECT_THAT(state.accounts, testing::ElementsAre(account));
  EXPECT_THAT(state.nodes, testing::ElementsAre(node));
  EXPECT_THAT(state.lanes, testing::ElementsAre(LaneRow{{"n", 1, 4}, 1029}));
  EXPECT_THAT(state.digests, testing::ElementsAre(digest));
  EXPECT_THAT(state.config, testing::ElementsAre(testing::Pair("budget/b", "bytes")));
  EXPECT_EQ(state.config_revision, "rev");
  EXPECT_THAT(this->store().ReadAccount("wallet/ws_1"), IsOkAndHolds(account));
  EXPECT_THAT(this->store().ReadEntry(2), IsOkAndHolds(commit.entries[1]));
}

TYPED_TEST_P(LedgerStoreConformance, KeepsCreditsRefundsRefusalsAndMessages) {
  const CreditRow credit{
      "ws_1", 7, Money::FromNanoUsd(9), Money::FromNanoUsd(4), absl::FromUnixSeconds(5), true};
  const OutboxRow message{3, "hook_1", "budget/b/all/50", "{}", absl::FromUnixSeconds(6)};
  const AppliedKey refused{"request/a", 0, Sha256("a"), Outcome::kInsufficientBalance};
  AccountRow run;
  run.account = "run/ws_1/run_a";
  run.cap = Money::FromNanoUsd(8);
  AccountRow budget;
  budget.account = "budget/b/all";
  budget.settled = Money::FromNanoUsd(6);
  budget.alerted_percent = 50;
  Commit commit;
  commit.credits = {credit};
  commit.outbox = {message};
  commit.keys = {refused};
  commit.refunded = {{"gen_1", Money::FromNanoUsd(2)}};
  const KeyTotalsRow used{"ws_1",
                          "key_1",
                          {Money::FromNanoUsd(9), Money::FromNanoUsd(8)},
                          {20'780, {Money::FromNanoUsd(1), Money::FromNanoUsd(2)}},
                          {20'779, {Money::FromNanoUsd(3), Money::FromNanoUsd(4)}},
                          {20'758, {Money::FromNanoUsd(5), Money::FromNanoUsd(6)}}};
  commit.key_totals = {used};
  commit.balances = {{"credit/ws_1", Money::FromNanoUsd(4)}};
  commit.accounts = {{run.account, run}, {budget.account, budget}};
  ASSERT_OK(this->store().Write(commit));
  this->factory_.Reopen();
  ASSERT_OK_AND_ASSIGN(StoredState state, this->store().Load());
  EXPECT_THAT(state.credits, testing::ElementsAre(credit));
  EXPECT_THAT(state.outbox, testing::ElementsAre(message));
  EXPECT_THAT(state.ledger.keys, testing::ElementsAre(refused));
  EXPECT_THAT(state.accounts, testing::UnorderedElementsAre(run, budget));
  EXPECT_EQ(state.refunded, commit.refunded);
  EXPECT_THAT(state.key_totals, testing::ElementsAre(used));
  // What grows for ever may be left out, and is found.
  ASSERT_OK_AND_ASSIGN(state, this->store().LoadLean());
  EXPECT_THAT(state.credits, testing::ElementsAre(credit));
  EXPECT_THAT(state.accounts, testing::Contains(run));
  EXPECT_THAT(this->store().ReadAccount("budget/b/all"), IsOkAndHolds(budget));
  EXPECT_THAT(this->store().ReadAppliedKey("request/a"), IsOkAndHolds(refused));
  EXPECT_THAT(this->store().ReadAppliedKey("request/b"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(this->store().ReadRefunded("gen_1"), IsOkAndHolds(Money::FromNanoUsd(2)));
  EXPECT_THAT(this->store().ReadRefunded("gen_2"), IsOkAndHolds(Money::Zero()));
  EXPECT_THAT(this->store().ReadKeyTotals("ws_1", "key_1"), IsOkAndHolds(used));
  EXPECT_THAT(this->store().ReadKeyTotals("ws_1", "key_2"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(this->store().ReadBalance("credit/ws_1"), IsOkAndHolds(Money::FromNanoUsd(4)));
  EXPECT_THAT(this->store().ReadBalance("credit/ws_2"), IsOkAndHolds(Money::Zero()));
  Commit second;
  second.credits = {credit};
  second.credits[0].remaining = Money::Zero();
  second.sent = {3};
  second.removed_accounts = {run.account};
  ASSERT_OK(this->store().Write(second));
  ASSERT_OK_AND_ASSIGN(state, this->store().Load());
  EXPECT_TRUE(state.credits.empty() && state.outbox.empty());
  EXPECT_THAT(state.accounts, testing::ElementsAre(budget));
}

TYPED_TEST_P(LedgerStoreConformance, ListsTheAccountsOfABudget) {
  Commit commit;
  for (const std::string name : {"budget/a/all", "budget/b/2026-10", "budget/b/2026-11/key_1",
                                 "budget/b/2026-11/key_2", "budget/ba/all", "wallet/ws_1"}) {
    commit.accounts[name].account = name;
  }
  ASSERT_OK(this->store().Write(commit));
  const auto list = [&](const std::string& after, std::size_t limit) {
    std::vector<std::string> names;
    const auto rows = this->store().ListAccounts("budget/b/", after, limit);
    for (const AccountRow& row : *rows) names.push_back(row.account);
    return names;
  };
  EXPECT_THAT(list("", 10), testing::ElementsAre("budget/b/2026-10", "budget/b/2026-11/key_1",
                                                 "budget/b/2026-11/key_2"));
  EXPECT_THAT(list("", 2), testing::ElementsAre("budget/b/2026-10", "budget/b/2026-11/key_1"));
  EXPECT_THAT(list("budget/b/2026-11/key_1", 2), testing::ElementsAre("budget/b/2026-11/key_2"));
}

TYPED_TEST_P(LedgerStoreConformance, RowsAreReplacedAndRemoved) {
  const LeaseKey key{"wallet/ws_1", "n", 1};
  Commit first;
  first.leases[key] = {key, {}, false};
  first.lanes.digests = {{{"n", 1, 0}, 1, {Shorten(Sha256("a"))}},
                         {{"n", 1, 1}, 1, {Shorten(Sha256("b"))}}};
  first.config = {{false, {}, {{"a", "1"}, {"b", "1"}}, "r1"}};
  ASSERT_OK(this->store().Write(first));
  Commit second;
  second.removed_leases = {key};
  second.lanes.forgotten_digests = {{"n", 1, 0}};
  second.lanes.digests = {{{"n", 1, 1}, 1 + kLaneDigestsMax, {Shorten(Sha256("c"))}}};
  second.config = {{false, {"a", "b"}, {{"b", "2"}, {"c", "2"}}, "r2"}};
  ASSERT_OK(this->store().Write(second));
  this->factory_.Reopen();
  ASSERT_OK_AND_ASSIGN(StoredState state, this->store().Load());
  EXPECT_TRUE(state.leases.empty());
  Commit anew;  // Ended and begun again in one commit.
  anew.removed_leases = {key};
  anew.leases[key] = {key, {Money::FromNanoUsd(5), Money::Zero(), Money::Zero()}, false};
  ASSERT_OK(this->store().Write(anew));
  ASSERT_OK_AND_ASSIGN(StoredState with_lease, this->store().Load());
  ASSERT_EQ(with_lease.leases.size(), 1u);
  EXPECT_EQ(with_lease.leases[0].totals.granted, Money::FromNanoUsd(5));
  ASSERT_EQ(state.digests.size(), 1u);  // The newer one took the older one's slot.
  EXPECT_EQ(state.digests[0].record.sequence, 1 + kLaneDigestsMax);
  EXPECT_THAT(state.config, testing::ElementsAre(testing::Pair("b", "2"), testing::Pair("c", "2")));
  Commit third;
  third.config = {{true, {}, {{"z", "3"}}, "r3"}};
  ASSERT_OK(this->store().Write(third));
  ASSERT_OK_AND_ASSIGN(state, this->store().Load());
  EXPECT_THAT(state.config, testing::ElementsAre(testing::Pair("z", "3")));
  EXPECT_EQ(state.config_revision, "r3");
}

TYPED_TEST_P(LedgerStoreConformance, ListsAWorkspacesEntriesNewestFirst) {
  ASSERT_OK(this->store().Write(this->Entries("ws_1", EntryKind::kTopUp, 3)));       // 1 2 3
  ASSERT_OK(this->store().Write(this->Entries("ws_10", EntryKind::kTopUp, 1)));      // 4
  ASSERT_OK(this->store().Write(this->Entries("ws_1", EntryKind::kUsage, 2)));       // 5 6
  ASSERT_OK(this->store().Write(this->Entries("ws_1", EntryKind::kLeaseGrant, 1)));  // 7
  ASSERT_OK(this->store().Write(this->Entries("ws_1", EntryKind::kTopUp, 1)));       // 8
  const auto list = [&](EntryQuery query) {
    return this->Sequences(*this->store().ListEntries(query));
  };
  using testing::ElementsAre;
  const std::vector<EntryKind> kinds = {EntryKind::kTopUp, EntryKind::kUsage};
  EXPECT_THAT(list({.workspace_id = "ws_1", .kinds = kinds}), ElementsAre(8, 6, 5, 3, 2, 1));
  EXPECT_THAT(list({.workspace_id = "ws_1", .kinds = kinds, .limit = 2}), ElementsAre(8, 6));
  EXPECT_THAT(list({.workspace_id = "ws_1", .kinds = kinds, .before_sequence = 6}),
              ElementsAre(5, 3, 2, 1));
  EXPECT_THAT(list({.workspace_id = "ws_1", .kinds = kinds, .before_sequence = 1}), ElementsAre());
  EXPECT_THAT(list({.workspace_id = "ws_1", .kinds = {EntryKind::kLeaseGrant}}), ElementsAre(7));
  EXPECT_THAT(list({.workspace_id = "ws_10", .kinds = kinds}), ElementsAre(4));
  EXPECT_THAT(list({.workspace_id = "ws_2", .kinds = kinds}), ElementsAre());
  EXPECT_THAT(this->Sequences(*this->store().ReadJournal(6, 2)), ElementsAre(6, 7));
  EXPECT_THAT(this->Sequences(*this->store().ReadJournal(0, 2)), ElementsAre(1, 2));
}

TYPED_TEST_P(LedgerStoreConformance, LongCommitsAreReadFromAnywhere) {
  // More than a store may keep together, in commits of different length.
  ASSERT_OK(this->store().Write(this->Entries("ws_1", EntryKind::kUsage, 700)));  // 1..700
  ASSERT_OK(this->store().Write(this->Entries("ws_2", EntryKind::kUsage, 3)));    // 701..703
  ASSERT_OK(this->store().Write(this->Entries("ws_1", EntryKind::kUsage, 130)));  // 704..833
  this->factory_.Reopen();
  EXPECT_EQ(this->store().Load()->ledger.last_sequence, 833u);
  for (const std::uint64_t sequence : {1u, 64u, 65u, 700u, 701u, 703u, 704u, 833u}) {
    ASSERT_OK_AND_ASSIGN(const Entry entry, this->store().ReadEntry(sequence));
    EXPECT_EQ(entry.sequence, sequence);
  }
  EXPECT_THAT(this->store().ReadEntry(834), StatusIs(absl::StatusCode::kNotFound));
  using testing::ElementsAre;
  EXPECT_THAT(this->Sequences(*this->store().ReadJournal(699, 6)),
              ElementsAre(699, 700, 701, 702, 703, 704));
  for (const std::uint64_t before : {834u, 800u, 705u, 704u, 514u, 513u, 512u, 2u}) {
    const EntryQuery query{.workspace_id = "ws_1",
                           .kinds = {EntryKind::kUsage},
                           .before_sequence = before,
                           .limit = 1000};
    const std::vector<std::uint64_t> found = this->Sequences(*this->store().ListEntries(query));
    const std::uint64_t of_ws_2 = before > 703 ? 3 : 0;
    ASSERT_EQ(found.size(), before - 1 - of_ws_2) << before;
    EXPECT_EQ(found.front(), before == 704 ? 700 : before - 1) << before;
    EXPECT_TRUE(std::is_sorted(found.rbegin(), found.rend())) << before;
  }
}

TYPED_TEST_P(LedgerStoreConformance, RunsStandBetweenOtherEntriesInLongCommits) {
  using Usage = typename TestFixture::Usage;
  Commit commit = this->Entries("ws_1", EntryKind::kTopUp, 1);  // 1
  std::vector<Usage> records;
  for (int i = 1; i <= 150; ++i) records.push_back({"gen_a" + std::to_string(i)});
  this->AddUsage(records, commit);                                     // 2..151
  const Commit between = this->Entries("ws_1", EntryKind::kTopUp, 2);  // 152, 153
  commit.entries.insert(commit.entries.end(), between.entries.begin(), between.entries.end());
  this->AddUsage({{"gen_b1"}, {"gen_b2"}}, commit);  // 154, 155
  ASSERT_OK(this->store().Write(commit));
  this->factory_.Reopen();
  EXPECT_EQ(this->store().Load()->ledger.last_sequence, 155u);
  for (const std::string id : {"gen_a1", "gen_a63", "gen_a64", "gen_a65", "gen_a128", "gen_a129",
                               "gen_a150", "gen_b1", "gen_b2"}) {
    EXPECT_THAT(this->store().ReadGeneration("ws_1", id),
                IsOkAndHolds(testing::ElementsAre(id + "#1")));
  }
  ASSERT_OK_AND_ASSIGN(const std::vector<Entry> journal, this->store().ReadJournal(1, 1000));
  ASSERT_EQ(journal.size(), 155u);
  Sha256Digest former{};
  for (const Entry& entry : journal) {
    EXPECT_EQ(entry.hash, ChainHash(former, EncodeEntryContents(entry))) << entry.sequence;
    former = entry.hash;
  }
  EXPECT_EQ(journal[1].usage->record, "gen_a1#1");
  EXPECT_EQ(journal[152].transfer.kind, EntryKind::kTopUp);
  EXPECT_THAT(this->Sequences(*this->store().ListEntries({.workspace_id = "ws_1",
                                                          .kinds = {EntryKind::kUsage},
                                                          .before_sequence = 155,
                                                          .limit = 3})),
              testing::ElementsAre(154, 151, 150));
}

TYPED_TEST_P(LedgerStoreConformance, FindsGenerations) {
  Commit commit;
  this->AddUsage({{"gen_A", 2},
                  {"gen_A", 1},
                  {"gen_B"},
                  {"gen_C", 1, "key_2"},
                  {"gen_D", 1, "key_1", "ws_2"},
                  {"gen_AB", 1, ""}},
                 commit);
  ASSERT_OK(this->store().Write(commit));
  using testing::ElementsAre;
  EXPECT_THAT(this->store().ReadGeneration("ws_1", "gen_A"),
              IsOkAndHolds(ElementsAre("gen_A#1", "gen_A#2")));
  EXPECT_THAT(this->store().ReadGeneration("ws_1", "gen_"), StatusIs(absl::StatusCode::kNotFound));
  const auto list = [&](const GenerationQuery& query) {
    return *this->store().ListGenerationIds(query);
  };
  EXPECT_THAT(this->store().ReadGeneration("ws_2", "gen_A"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(list({"ws_1", "", "", 10}), ElementsAre("gen_C", "gen_B", "gen_AB", "gen_A"));
  EXPECT_THAT(list({"ws_1", "", "", 2}), ElementsAre("gen_C", "gen_B"));
  EXPECT_THAT(list({"ws_1", "", "gen_B", 10}), ElementsAre("gen_AB", "gen_A"));
  EXPECT_THAT(list({"ws_1", "key_1", "", 10}), ElementsAre("gen_B", "gen_A"));
  EXPECT_THAT(list({"ws_1", "key_1", "gen_B", 10}), ElementsAre("gen_A"));
  EXPECT_THAT(list({"ws_2", "", "", 10}), ElementsAre("gen_D"));
  EXPECT_THAT(list({"ws_3", "", "", 10}), ElementsAre());
}

// As ULIDs do, ids of one moment begin alike; and those of one commit overlap with the next's.
TYPED_TEST_P(LedgerStoreConformance, ListsGenerationsOfOneMomentInOrderOverCommits) {
  using Usage = typename TestFixture::Usage;
  std::vector<std::string> newest_first;
  std::vector<std::vector<Usage>> commits(3);
  for (int i = 0; i < 60; ++i) {
    // Five to a bucket, 12 buckets, each with rows of all commits.
    const std::string id = "gen_01K" + std::to_string(10'000 + i / 5) + std::to_string(i % 5);
    commits[static_cast<std::size_t>(i % 3)].push_back({id, 1, i % 2 == 0 ? "key_1" : "key_2"});
    newest_first.insert(newest_first.begin(), id);
  }
  for (std::vector<Usage>& records : commits) {
    std::reverse(records.begin(), records.begin() + 7);  // They end in another order.
    Commit commit;
    this->AddUsage(records, commit);
    ASSERT_OK(this->store().Write(commit));
  }
  for (const std::size_t page : {1u, 4u, 7u, 100u}) {
    std::vector<std::string> found;
    std::vector<std::string> of_key;
    for (std::vector<std::string> ids = {""}; !ids.empty();) {
      ids = *this->store().ListGenerationIds({"ws_1", "", found.empty() ? "" : found.back(), page});
      found.insert(found.end(), ids.begin(), ids.end());
    }
    for (std::vector<std::string> ids = {""}; !ids.empty();) {
      ids = *this->store().ListGenerationIds(
          {"ws_1", "key_2", of_key.empty() ? "" : of_key.back(), page});
      of_key.insert(of_key.end(), ids.begin(), ids.end());
    }
    EXPECT_EQ(found, newest_first) << page;
    ASSERT_EQ(of_key.size(), 30u) << page;
    for (std::size_t i = 0; i < of_key.size(); ++i) EXPECT_EQ(of_key[i], newest_first[2 * i]);
  }
}

TYPED_TEST_P(LedgerStoreConformance, KeepsWhatIsQuarantinedApart) {
  Commit commit;
  this->AddUsage({{"gen_A"}}, commit);
  commit.quarantined = {{{{"n", 1, 0}, 1}, "other"}};
  ASSERT_OK(this->store().Write(commit));
  EXPECT_THAT(this->store().ReadQuarantined({{"n", 1, 0}, 1}), IsOkAndHolds("other"));
  EXPECT_THAT(this->store().ReadQuarantined({{"n", 1, 0}, 2}),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(this->store().ReadGeneration("ws_1", "gen_A"),
              IsOkAndHolds(testing::ElementsAre("gen_A#1")));
}

TYPED_TEST_P(LedgerStoreConformance, VersionsOfPricesAndRulesAreKeptForEverAndAsTheyFirstWere) {
  Commit first;
  first.config = {{true, {}, {{"o", "1"}}, "r1", {{"pv_1", "prices"}}, {{"rv_1", "rule"}}}};
  ASSERT_OK(this->store().Write(first));
  Commit second;
  second.config = {{true,
                    {},
                    {},
                    "r2",
                    {{"pv_1", "others"}, {"pv_2", "more"}},
                    {{"rv_1", "other"}, {"rv_2", "rule 2"}}}};
  ASSERT_OK(this->store().Write(second));
  this->factory_.Reopen();
  EXPECT_THAT(this->store().ReadPriceVersion("pv_1"), IsOkAndHolds("prices"));
  EXPECT_THAT(this->store().ReadPriceVersion("pv_2"), IsOkAndHolds("more"));
  EXPECT_THAT(this->store().ReadPriceVersion("pv_3"), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(this->store().ReadPriceRule("rv_1"), IsOkAndHolds("rule"));
  EXPECT_THAT(this->store().ReadPriceRule("rv_2"), IsOkAndHolds("rule 2"));
  EXPECT_THAT(this->store().ReadPriceRule("pv_1"), StatusIs(absl::StatusCode::kNotFound));
}

TYPED_TEST_P(LedgerStoreConformance, ManyAttemptsOfOneGenerationAreCutOff) {
  Commit commit;
  std::vector<typename TestFixture::Usage> records;
  for (std::uint32_t i = 1; i <= kGenerationAttemptsMax + 5; ++i) records.push_back({"gen_A", i});
  this->AddUsage(records, commit);
  ASSERT_OK(this->store().Write(commit));
  EXPECT_EQ(this->store().ReadGeneration("ws_1", "gen_A")->size(), kGenerationAttemptsMax);
}

REGISTER_TYPED_TEST_SUITE_P(LedgerStoreConformance, AnEmptyStoreHasNothing, StateSurvivesReopening,
                            KeepsCreditsRefundsRefusalsAndMessages, ListsTheAccountsOfABudget,
                            RowsAreReplacedAndRemoved, ListsAWorkspacesEntriesNewestFirst,
                            LongCommitsAreReadFromAnywhere,
                            RunsStandBetweenOtherEntriesInLongCommits, FindsGenerations,
                            ListsGenerationsOfOneMomentInOrderOverCommits,
                            KeepsWhatIsQuarantinedApart,
                            VersionsOfPricesAndRulesAreKeptForEverAndAsTheyFirstWere,
                            ManyAttemptsOfOneGenerationAreCutOff);

}  // namespace tollgate::billing

#endif  // TOLLGATE_TESTS_BILLING_STORE_LEDGER_STORE_CONFORMANCE_H_
