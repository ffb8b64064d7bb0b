// A store with each kind of defect, and the check that must find it; a good store has none.  What
// is wrong with records and charges is in usage_audit_test.cc.
#include "billing/audit/store_audit.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "billing/store/rocksdb_ledger_store.h"
#include "billing/store/row_chunk.h"
#include "billing/store/row_codec.h"
#include "tests/billing/audit/audited_store.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::billing {
namespace {

using testing::HasSubstr;
using usage::v1::UsageRecord;

TEST_F(StoreAuditTest, AGoodStoreHasNoDifference) {
  const AuditReport report = Audit();
  ExpectClean(report);
  for (std::size_t i = 0; i < kAuditChecks; ++i) {
    EXPECT_GT(report.tally(static_cast<AuditCheck>(i)).examined, 0u)
        << AuditCheckId(static_cast<AuditCheck>(i)) << " examined nothing";
  }
  EXPECT_THAT(report.notes(), testing::ElementsAre(HasSubstr("1 records are in quarantine")));
}

TEST_F(StoreAuditTest, AnEmptyStoreHasNoDifference) {
  ASSERT_OK(RocksdbLedgerStore::Open(dir_.File("empty")).status());
  ASSERT_OK_AND_ASSIGN(const AuditReport report, AuditStore(dir_.File("empty")));
  EXPECT_TRUE(report.clean());
}

TEST_F(StoreAuditTest, AccountsAreSummedUpInAsManyPassesAsTheyNeed) {
  AuditOptions options;
  options.accounts_a_pass = 1;
  ExpectClean(Audit(options));
  AccountRow row = Account(kTemplateAccount);
  row.settled += Nano(1);
  Put(Family::kAccounts, row.account, EncodeAccount(row));
  ExpectFound(AuditCheck::kJ5, kTemplateAccount, options);
}

TEST_F(StoreAuditTest, SaysHowFarItIs) {
  std::map<std::string, std::uint64_t, std::less<>> parts;
  AuditOptions options;
  options.progress = [&](std::string_view part, std::uint64_t done, std::uint64_t about) {
    EXPECT_LE(done, about);
    parts[std::string(part)] = done;
  };
  ExpectClean(Audit(options));
  EXPECT_GT(parts["journal"], 0u);
  EXPECT_GT(parts["lists of generations"], 0u);
}

TEST_F(StoreAuditTest, J1FindsAnEntryThatDoesNotBalance) {
  Rewrite(1, [](Entry& entry) { entry.transfer.postings[1].amount -= Nano(1); });
  ExpectFound(AuditCheck::kJ1, "entry 1");
}

TEST_F(StoreAuditTest, J1FindsAPostingThatIsNotOfItsKind) {
  Rewrite(2, [](Entry& entry) { entry.transfer.postings[1].account = "cash"; });
  ExpectFound(AuditCheck::kJ1, "entry 2");
}

TEST_F(StoreAuditTest, J1FindsMoneyThatMovesTheOtherWay) {
  const std::uint64_t grant = EntryOf(EntryKind::kLeaseGrant);
  Rewrite(grant, [](Entry& entry) {
    std::swap(entry.transfer.postings[0].amount, entry.transfer.postings[1].amount);
  });
  ExpectFound(AuditCheck::kJ1, absl::StrCat("entry ", grant));
}

TEST_F(StoreAuditTest, J2FindsAMissingEntry) {
  RemoveRow(Family::kJournal, SequenceKey(2));
  ExpectFound(AuditCheck::kJ2, "entry 3");
}

TEST_F(StoreAuditTest, J2FindsAChunkThatIsNone) {
  EntryOf(EntryKind::kTopUp);  // Stores entries one by one.
  Put(Family::kJournal, SequenceKey(2), "no chunk");
  ExpectFound(AuditCheck::kJ2, "entries up to 2");
}

TEST_F(StoreAuditTest, J2FindsAnEntryThatIsNotListed) {
  Delete(Family::kJournalByWorkspace, WorkspaceEntryKey("ws_1", EntryKind::kTopUp, 1));
  ExpectFound(AuditCheck::kJ2, "entry 1");
}

TEST_F(StoreAuditTest, J2FindsAListedEntryThatIsNotThere) {
  Put(Family::kJournalByWorkspace, WorkspaceEntryKey("ws_1", EntryKind::kTopUp, 9'999),
      EncodeNumbers({9'999}));
  ExpectFound(AuditCheck::kJ2, "journal index");
}

TEST_F(StoreAuditTest, J3FindsABalanceThatIsNotTheFold) {
  Put(Family::kBalances, "revenue/m", EncodeMoney(Nano(1)));
  ExpectFound(AuditCheck::kJ3, "revenue/m");
}

TEST_F(StoreAuditTest, J3FindsABalanceInAnEntryThatIsNotTheFold) {
  Rewrite(2, [](Entry& entry) { entry.balance += Nano(1); });
  ExpectFound(AuditCheck::kJ3, "entry 2");
}

TEST_F(StoreAuditTest, J3FindsAWalletThatSaysMoreWasPaidIn) {
  AccountRow row = Account("wallet/ws_1");
  row.credited += Nano(1);
  Put(Family::kAccounts, row.account, EncodeAccount(row));
  ExpectFound(AuditCheck::kJ3, "wallet/ws_1, credited");
}

TEST_F(StoreAuditTest, J3FindsACreditThatIsNotWhatTheJournalHasLeft) {
  const std::uint64_t given = EntryOf(EntryKind::kCredit, 1);
  CreditRow credit{"ws_1", given, {}, {}, {}, false};
  credit = *DecodeCredit(CreditKey(credit), Get(Family::kCredits, CreditKey(credit)));
  credit.remaining -= Nano(1);
  Put(Family::kCredits, CreditKey(credit), EncodeCredit(credit));
  ExpectFound(AuditCheck::kJ3, "credit/ws_1");
}

TEST_F(StoreAuditTest, J3FindsARefundThatIsNotRemembered) {
  Delete(Family::kRefunded, "gen_1");
  ExpectFound(AuditCheck::kJ3, "generation gen_1, given back");
}

TEST_F(StoreAuditTest, J3FindsAKeyThatUsedMoreThanItsRecords) {
  const std::string key = KeyTotalsKey("ws_1", "key_1");
  const std::string good = Get(Family::kKeyTotals, key);
  const auto spoil = [&](const std::function<void(KeyTotalsRow&)>& change, const char* where) {
    KeyTotalsRow row = *DecodeKeyTotals(key, good);
    change(row);
    Put(Family::kKeyTotals, key, EncodeKeyTotals(row));
    ExpectFound(AuditCheck::kJ3, std::string("key key_1 of workspace ws_1, used ") + where);
  };
  spoil([](KeyTotalsRow& row) { row.all.charged += Nano(1); }, "in all");
  spoil([](KeyTotalsRow& row) { row.all.byok = Nano(0); }, "in all");
  spoil([](KeyTotalsRow& row) { row.day.use.charged += Nano(1); }, "on its last day");
  spoil([](KeyTotalsRow& row) { row.week.use.byok += Nano(1); }, "in its last week");
  spoil([](KeyTotalsRow& row) { ++row.month.first_day; }, "in its last month");
  Delete(Family::kKeyTotals, key);
  ExpectFound(AuditCheck::kJ3, "key key_1 of workspace ws_1");
  Put(Family::kKeyTotals, key, good);
  AuditOptions in_parts;
  in_parts.accounts_a_pass = 1;
  ExpectClean(Audit(in_parts));
  Put(Family::kKeyTotals, KeyTotalsKey("ws_1", "key_9"), good);
  ExpectFound(AuditCheck::kJ3, "key key_9 of workspace ws_1", in_parts);
}

TEST_F(StoreAuditTest, J4FindsAccountsThatDoNotSumToZero) {
  Put(Family::kBalances, "cash", EncodeMoney(Nano(-1)));
  ExpectFound(AuditCheck::kJ4, "all accounts");
}

TEST_F(StoreAuditTest, J5FindsAWalletBelowZero) {
  Rewrite(1, [](Entry& entry) {
    entry.transfer.postings[0].amount = Nano(4);
    entry.transfer.postings[1].amount = Nano(-4);
  });
  ExpectFound(AuditCheck::kJ5, "entry 2, account wallet/ws_1");
}

TEST_F(StoreAuditTest, J5FindsMoreSpentAndHeldThanPaidIn) {
  AccountRow row = Account("wallet/ws_1");
  row.outstanding = row.credited;
  Put(Family::kAccounts, row.account, EncodeAccount(row));
  ExpectFound(AuditCheck::kJ5, "wallet/ws_1");
}

TEST_F(StoreAuditTest, J5FindsAnAccountThatSpentMoreThanItsRecords) {
  for (const std::string name : {"budget/b/all", "budget/s/all", kTemplateAccount, kRunAccount}) {
    SCOPED_TRACE(name);
    const AccountRow good = Account(name);
    AccountRow row = good;
    row.settled += Nano(1);
    Put(Family::kAccounts, name, EncodeAccount(row));
    ExpectFound(AuditCheck::kJ5, name);
    Put(Family::kAccounts, name, EncodeAccount(good));
  }
}

TEST_F(StoreAuditTest, J5FindsASoftBudgetThatCountedLessThanItsRecords) {
  AccountRow row = Account("budget/s/all");
  row.settled -= Nano(1);
  Put(Family::kAccounts, row.account, EncodeAccount(row));
  ExpectFound(AuditCheck::kJ5, "budget/s/all");
}

TEST_F(StoreAuditTest, J5FindsARefundBeyondTheCharge) {
  RewriteRecord(kFirstRecord, [](UsageRecord& record) { record.set_charge_nano_usd(99); });
  ExpectFound(AuditCheck::kJ5, "generation gen_1, given back");
}

TEST_F(StoreAuditTest, J6FindsAKeyThatWasAppliedTwice) {
  Rewrite(2, [](Entry& entry) { entry.transfer.idempotency_key = "request/r1"; });
  ExpectFound(AuditCheck::kJ6, "entry 2");
}

TEST_F(StoreAuditTest, J6FindsAMovementThatWasAppliedTwice) {
  const std::uint64_t first = EntryOf(EntryKind::kLeaseGrant);
  const std::uint64_t release = EntryOf(EntryKind::kLeaseRelease);
  std::string key;
  Rewrite(first, [&](Entry& entry) { key = entry.transfer.idempotency_key; });
  const std::uint64_t later = EntryOf(EntryKind::kLeaseGrant, 1);
  ASSERT_GT(later, release);
  Rewrite(later, [&](Entry& entry) { entry.transfer.idempotency_key = key; });
  ExpectFound(AuditCheck::kJ6, absl::StrCat("entry ", later));
}

TEST_F(StoreAuditTest, J6FindsARecordThatWasAppliedTwice) {
  const std::uint64_t second = EntryOf(EntryKind::kUsage, 1);
  Rewrite(second, [](Entry& entry) { entry.usage->key = kFirstRecord; });
  ExpectFound(AuditCheck::kJ6, absl::StrCat("entry ", second));
}

TEST_F(StoreAuditTest, J6FindsAKeyWithOtherContents) {
  for (const char* id : {"r1", "r2", "r5", "r6", "r7"}) {
    SCOPED_TRACE(id);
    const std::string key = absl::StrCat("request/", id);
    const std::string good = Get(Family::kIdempotency, key);
    AppliedKey row = *DecodeAppliedKey(key, good);
    row.contents = Sha256("others");
    Put(Family::kIdempotency, key, EncodeAppliedKey(row));
    ExpectFound(AuditCheck::kJ6, key);
    Put(Family::kIdempotency, key, good);
  }
}

TEST_F(StoreAuditTest, J6FindsAForgottenKey) {
  Delete(Family::kIdempotency, "request/r1");
  ExpectFound(AuditCheck::kJ6, "entry 1");
}

TEST_F(StoreAuditTest, J6FindsAKeyOfNoEntry) {
  Put(Family::kIdempotency, "request/r9",
      EncodeAppliedKey({"request/r9", 9'999, Sha256("contents"), Outcome::kCreated}));
  ExpectFound(AuditCheck::kJ6, "request/r9");
}

TEST_F(StoreAuditTest, J6FindsARefusedRequestThatWasApplied) {
  Put(Family::kIdempotency, "request/r1",
      EncodeAppliedKey({"request/r1", 0, Sha256("contents"), Outcome::kInsufficientBalance}));
  ExpectFound(AuditCheck::kJ6, "entry 1");
}

TEST_F(StoreAuditTest, J7FindsALeaseThatIsNotTheJournals) {
  const LeaseKey key{"wallet/ws_1", "n", 2};
  LeaseRow row = *DecodeLease(EncodeLeaseKey(key), Get(Family::kLeases, EncodeLeaseKey(key)));
  row.totals.granted += Nano(1);
  row.totals.released += Nano(1);
  Put(Family::kLeases, EncodeLeaseKey(key), EncodeLease(row));
  ExpectFound(AuditCheck::kJ7, "node n/2 on wallet/ws_1, granted");
}

TEST_F(StoreAuditTest, J7FindsALeaseThatWentWithItsMoney) {
  Delete(Family::kLeases, EncodeLeaseKey({"wallet/ws_1", "n", 2}));
  ExpectFound(AuditCheck::kJ7, "node n/2 on wallet/ws_1, which was removed");
}

TEST_F(StoreAuditTest, J7FindsAClosedLeaseThatHoldsMoney) {
  const LeaseKey key{"budget/b/all", "n", 1};
  Put(Family::kLeases, EncodeLeaseKey(key),
      EncodeLease({key, {Nano(10'000'000), Nano(0), Nano(0)}, true}));
  ExpectFound(AuditCheck::kJ7, "node n/1 on budget/b/all");
}

TEST_F(StoreAuditTest, J7FindsALeaseOfAnIncarnationThatWasNever) {
  const LeaseKey key{"budget/b/all", "n", 3};
  Put(Family::kLeases, EncodeLeaseKey(key), EncodeLease({key, {}, false}));
  ExpectFound(AuditCheck::kJ7, "node n/3 on budget/b/all");
}

TEST_F(StoreAuditTest, J7FindsAnAccountThatIsNotTheSumOfItsLeases) {
  AccountRow row = Account("budget/b/all");
  row.outstanding = Nano(0);
  Put(Family::kAccounts, row.account, EncodeAccount(row));
  ExpectFound(AuditCheck::kJ7, "account budget/b/all, outstanding");
}

TEST_F(StoreAuditTest, J7FindsALeaseThatWasResolvedWithoutAWord) {
  const LeaseKey key{"budget/b/all", "n", 1};
  LeaseRow row = *DecodeLease(EncodeLeaseKey(key), Get(Family::kLeases, EncodeLeaseKey(key)));
  ASSERT_TRUE(row.closed && !row.resolved);
  row.resolved = true;
  Put(Family::kLeases, EncodeLeaseKey(key), EncodeLease(row));
  ExpectFound(AuditCheck::kJ7, "node n/1 on budget/b/all");
}

TEST_F(StoreAuditTest, J7FindsAResolutionOfALeaseThatItsNodeClosed) {
  for (const char* account : {kTemplateAccount, "wallet/ws_1"}) {
    const LeaseKey key{account, "lost", 1};
    LeaseRow row = *DecodeLease(EncodeLeaseKey(key), Get(Family::kLeases, EncodeLeaseKey(key)));
    ASSERT_TRUE(row.resolved);
    row.resolved = false;
    Put(Family::kLeases, EncodeLeaseKey(key), EncodeLease(row));
    ExpectFound(AuditCheck::kJ7, absl::StrCat("node lost/1 on ", account));
    row.resolved = true;
    Put(Family::kLeases, EncodeLeaseKey(key), EncodeLease(row));
  }
}

TEST_F(StoreAuditTest, J7FindsAResolutionThatFreedMoreThanThereWas) {
  const std::uint64_t sequence = EntryOf(EntryKind::kResolution, 1);
  Rewrite(sequence, [](Entry& entry) {
    for (Posting& posting : entry.transfer.postings) {
      posting.amount = Nano(2 * posting.amount.nano_usd());
    }
  });
  ExpectFound(AuditCheck::kJ7, absl::StrCat("node lost/1 on ", kTemplateAccount));
}

TEST_F(StoreAuditTest, J7FindsAResolutionThatIsNotOfItsLoss) {
  const std::uint64_t sequence = EntryOf(EntryKind::kResolution);
  Rewrite(sequence, [](Entry& entry) {
    entry.transfer.postings[0].amount += Nano(1);
    entry.transfer.postings[1].amount -= Nano(1);
  });
  ExpectFound(AuditCheck::kJ7, absl::StrCat("entry ", sequence, ", account wallet/ws_1"));
}

TEST_F(StoreAuditTest, J7FindsALossThatNobodyResolved) {
  const std::uint64_t resolution = EntryOf(EntryKind::kResolution);
  Rewrite(resolution, [](Entry& entry) {
    entry.transfer.idempotency_key = absl::StrCat("resolve/lost/1/budget/x/all/", entry.sequence);
    entry.transfer.postings[0].account = "resolved/budget/x/all";
  });
  ExpectFound(AuditCheck::kJ7,
              absl::StrCat("entry ", EntryOf(EntryKind::kLoss), ", lease of node"));
}

TEST_F(StoreAuditTest, J7FindsAResolutionByNobodyOrOfNothing) {
  const std::uint64_t sequence = EntryOf(EntryKind::kResolution, 1);
  Rewrite(sequence, [](Entry& entry) { entry.transfer.actor.clear(); });
  ExpectFound(AuditCheck::kJ7, absl::StrCat("entry ", sequence));
  Rewrite(sequence, [](Entry& entry) {
    entry.transfer.actor = "ops";
    entry.transfer.idempotency_key = "resolve/lost/1/budget/t/all/key_1/9";  // Another's place.
  });
  ExpectFound(AuditCheck::kJ7, absl::StrCat("entry ", sequence));
}

TEST_F(StoreAuditTest, J9FindsAnEntryThatWasChanged) {
  Rewrite(
      2, [](Entry& entry) { entry.transfer.description = "something else"; },
      /*plainly=*/true);
  ExpectFound(AuditCheck::kJ9, "entry 2");
}

TEST_F(StoreAuditTest, J10FindsATimeThatDoesNotIncrease) {
  Rewrite(2, [](Entry& entry) { entry.time = absl::FromUnixSeconds(1'767'225'600); });
  ExpectFound(AuditCheck::kJ10, "entry 2");
}

TEST_F(StoreAuditTest, ABudgetAboveItsLimitIsNoted) {
  config::v1::Resource budget;
  budget.mutable_budget()->set_id("b");
  budget.mutable_budget()->set_hard(true);
  budget.mutable_budget()->set_limit_nano_usd(1);
  Put(Family::kConfig, "resource/budget/b", budget.SerializeAsString());
  const AuditReport report = Audit();
  EXPECT_TRUE(report.clean()) << "it may have been lowered";
  EXPECT_THAT(report.notes(), testing::Contains(HasSubstr("budget/b/all")));
}

TEST_F(StoreAuditTest, RefusesAStoreThatIsInUse) {
  ASSERT_OK_AND_ASSIGN(const auto running, RocksdbLedgerStore::Open(folder_));
  EXPECT_THAT(AuditStore(folder_), StatusIs(absl::StatusCode::kFailedPrecondition,
                                            HasSubstr("in use by a running program")));
}

TEST_F(StoreAuditTest, NobodyOpensTheStoreMeanwhile) {
  ASSERT_OK_AND_ASSIGN(const auto reading, RocksdbDatabase::OpenReadOnly(folder_));
  EXPECT_THAT(RocksdbLedgerStore::Open(folder_), StatusIs(absl::StatusCode::kUnavailable));
}

TEST_F(StoreAuditTest, FindsTheStoreBelowADataFolder) {
  ASSERT_OK_AND_ASSIGN(const AuditReport report, AuditStore(dir_.path()));
  EXPECT_TRUE(report.clean());
  EXPECT_THAT(AuditStore(dir_.File("nowhere")), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace tollgate::billing
