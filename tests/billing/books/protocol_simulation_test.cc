// The lease and usage protocols between real books and simulated nodes, over a network that loses,
// repeats and overtakes messages, with nodes that crash.  After every step:
//
//   CAP       what providers truly charged on the wallet or the budget ≤ its cap
//   LEDGER    settled + outstanding ≤ cap, and all balances sum to zero
//   ONCE      no record is posted twice
// and once the faults stop and the nodes have drained:
//   COMPLETE  every attempt is posted, nothing is held, all that is unspent can be spent
//
// A node here is the least that obeys the protocol: it holds the upper bound of an attempt's cost,
// records an intent before it, and after a crash reports orphaned intents at their hold.
#include <algorithm>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/random.h"
#include "billing/books/books.h"
#include "billing/ledger/entry_codec.h"
#include "billing/store/memory_ledger_store.h"
#include "tests/billing/ingest/kept_text.h"
#include "tests/support/status_matchers.h"

namespace tollgate::billing {
namespace {

constexpr const char* kAccounts[] = {"wallet/ws_1", "budget/b/all"};
constexpr std::int64_t kCapWallet = 3'000;
constexpr std::int64_t kCapBudget = 2'000;
constexpr int kNodes = 3;
constexpr int kSteps = 600;
constexpr int kSeeds = 300;

// One account's lease on a node.
struct NodeLease {
  std::int64_t granted = 0, released = 0, spent = 0, held = 0;
  std::int64_t idle() const { return granted - released - spent - held; }
};

struct Attempt {
  std::int64_t hold = 0;
  std::uint64_t id = 0;
};

// What survives a crash: the spool.
struct Spool {
  std::uint64_t incarnation = 0;
  std::vector<UsageRecordItem> records;
  std::vector<Attempt> intents;  // Without an outcome yet.
  std::uint64_t acknowledged = 0;
};

class Simulation {
 public:
  explicit Simulation(std::uint64_t seed) : random_(seed) {
    Reopen();
    CHECK(books_->Post({EntryKind::kTopUp, "ws_1", Nano(kCapWallet), "top", ""}, now_).ok());
    nodes_.resize(kNodes);
    for (int i = 0; i < kNodes; ++i) {
      nodes_[static_cast<std::size_t>(i)].id = "node_" + std::to_string(i);
      Restart(nodes_[static_cast<std::size_t>(i)]);
    }
  }

  void Run() {
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) {
      Step(/*faults=*/true);
      Check();
    }
    for (int step = 0; step < 400 && !testing::Test::HasFailure(); ++step) {
      Drain();
      Check();
    }
    CheckComplete();
  }

 private:
  struct Node {
    std::string id;
    StreamId stream = 0;
    std::uint64_t incarnation = 0;
    std::map<std::string, NodeLease> leases;
    std::vector<Attempt> running;
    std::map<std::uint64_t, Spool> spools;  // By incarnation; the last is the running one's.
  };
  struct Message {
    StreamId stream;
    std::uint64_t incarnation;
    GrantAnswer grant;
  };

  static Money Nano(std::int64_t amount) { return Money::FromNanoUsd(amount); }
  bool Chance(std::uint64_t percent) { return random_.Below(100) < percent; }

  // Billing crashes and reads its store again: everything synced is there, streams are gone.
  void Reopen() {
    StoredState state = *store_.Load();
    books_ = std::make_unique<Books>(
        LeaseBookOptions{}, std::move(state),
        BudgetTermsById{{"b", {Nano(kCapBudget), BudgetPeriod::kNone, true}}});
    for (Node& node : nodes_) Connect(node);
  }

  void Sync() {
    const Commit commit = books_->TakeCommit();
    for (const Entry& entry : commit.entries) {
      ASSERT_TRUE(keys_.insert(entry.transfer.idempotency_key).second) << "ONCE";
    }
    for (const UsageRun& run : commit.runs) {
      for (const UsageLine& line : run.lines) {
        ASSERT_OK_AND_ASSIGN(const Entry entry, DecodeEntry(run.View(line.row).substr(4)));
        ASSERT_TRUE(keys_.insert(entry.transfer.idempotency_key).second) << "ONCE";
        posted_ += Charge(entry);
      }
    }
    ASSERT_OK(store_.Write(commit));
    for (LeaseMessage& message : books_->TakeMessages()) {
      if (auto* grant = std::get_if<GrantAnswer>(&message.content)) {
        const auto owner = stream_incarnation_.find(message.stream);
        if (owner != stream_incarnation_.end()) {
          network_.push_back({message.stream, owner->second, *grant});
        }
      }
    }
  }
  static std::int64_t Charge(const Entry& entry) {
    for (const Posting& posting : entry.transfer.postings) {
      if (posting.account == "revenue/m") return posting.amount.nano_usd();
    }
    return 0;
  }

  void Connect(Node& node) {
    if (node.stream != 0) books_->CloseStream(node.stream);
    node.stream = ++last_stream_;
    stream_incarnation_[node.stream] = node.incarnation;
    ASSERT_OK(books_->OpenStream(node.stream, {node.id, node.incarnation, "s"}));
    Sync();
  }

  void Restart(Node& node) {
    for (const Attempt& attempt : node.running) {
      // The provider goes on and charges up to the hold; billed by the intent at its hold.
      truth_ +=
          static_cast<std::int64_t>(random_.Below(static_cast<std::uint64_t>(attempt.hold) + 1));
    }
    node.running.clear();
    node.leases.clear();
    ++node.incarnation;
    if (node.incarnation > 1) {
      Spool& former = node.spools[node.incarnation - 1];
      for (const Attempt& orphan : former.intents) {
        Append(former, orphan, orphan.hold);
      }
      former.intents.clear();
    }
    node.spools[node.incarnation].incarnation = node.incarnation;
    Connect(node);
  }

  void Append(Spool& spool, const Attempt& attempt, std::int64_t charge) {
    UsageRecordItem record;
    record.bytes = Keep(std::to_string(attempt.id) + "/" + std::to_string(charge));
    record.digest = Sha256(record.bytes);
    record.generation_id = Keep("gen_" + std::to_string(attempt.id));
    record.attempt = 1;
    record.workspace_id = "ws_1";
    record.model_id = "m";
    record.provider_id = "p";
    record.charge = Nano(charge);
    for (const char* account : kAccounts) {
      record.holds.push_back({account, true, spool.incarnation});
    }
    spool.records.push_back(std::move(record));
    recorded_ += charge;
  }

  void Step(bool faults) {
    Node& node = nodes_[random_.Below(kNodes)];
    now_.monotonic += absl::Milliseconds(static_cast<int>(random_.Below(20)));
    switch (random_.Below(8)) {
      case 0:
      case 1:
        StartAttempt(node);
        break;
      case 2:
        FinishAttempt(node);
        break;
      case 3:
        SendWant(node, static_cast<std::int64_t>(random_.Below(200)), Chance(30));
        break;
      case 4:
      case 5:
        Report(node, faults);
        break;
      case 6:
        Deliver(faults);
        break;
      default:
        if (faults && Chance(15)) Restart(node);
        if (faults && Chance(5)) Reopen();
    }
    books_->Expire(now_);
    Sync();
  }

  void StartAttempt(Node& node) {
    const std::int64_t hold = 1 + static_cast<std::int64_t>(random_.Below(120));
    for (const char* account : kAccounts) {
      if (node.leases[account].idle() < hold) return SendWant(node, hold, false);
    }
    for (const char* account : kAccounts) node.leases[account].held += hold;
    const Attempt attempt{hold, ++last_attempt_};
    node.spools[node.incarnation].intents.push_back(attempt);
    node.running.push_back(attempt);
  }

  void FinishAttempt(Node& node) {
    if (node.running.empty()) return;
    const Attempt attempt = node.running.back();
    node.running.pop_back();
    const std::int64_t charge =
        static_cast<std::int64_t>(random_.Below(static_cast<std::uint64_t>(attempt.hold) + 1));
    truth_ += charge;
    for (const char* account : kAccounts) {
      node.leases[account].held -= attempt.hold;
      node.leases[account].spent += charge;
    }
    Spool& spool = node.spools[node.incarnation];
    std::erase_if(spool.intents, [&](const Attempt& one) { return one.id == attempt.id; });
    Append(spool, attempt, charge);
  }

  void SendWant(Node& node, std::int64_t need, bool give_back) {
    for (const char* account : kAccounts) {
      NodeLease& lease = node.leases[account];
      if (give_back) lease.released += lease.idle();
      WantRequest want;
      want.account = account;
      want.granted = Nano(lease.granted);
      want.released = Nano(lease.released);
      want.need = give_back ? Nano(0) : Nano(need);
      want.want = want.need;
      const int copies = Chance(20) ? 2 : 1;
      for (int i = 0; i < copies; ++i) ASSERT_OK(books_->Want(node.stream, want, now_));
      old_wants_.push_back({node.stream, want});
    }
    if (Chance(20)) {  // One that was overtaken arrives now, on its own stream.
      const auto& [stream, want] = old_wants_[random_.Below(old_wants_.size())];
      books_->Want(stream, want, now_).IgnoreError();
    }
    Sync();
  }

  // A Grant arrives, is lost, or arrives again later; at a node that restarted it is ignored.
  void Deliver(bool faults) {
    if (network_.empty()) return;
    const std::size_t i = random_.Below(network_.size());
    const Message message = network_[i];
    if (!faults || !Chance(20)) {
      network_.erase(network_.begin() + static_cast<std::ptrdiff_t>(i));
    }
    if (faults && Chance(20)) return;
    for (Node& node : nodes_) {
      if (StreamOwner(message.stream) != &node || message.incarnation != node.incarnation) continue;
      NodeLease& lease = node.leases[message.grant.account];
      lease.granted = std::max(lease.granted, message.grant.granted.nano_usd());
    }
  }

  const Node* StreamOwner(StreamId stream) {
    for (const Node& node : nodes_) {
      if (node.stream == stream) return &node;
    }
    return nullptr;  // An older stream: its answers are as good as lost.
  }

  // Ships some records of one spool; the acknowledgement may be lost.
  void Report(Node& node, bool faults) {
    for (auto it = node.spools.begin(); it != node.spools.end();) {
      Spool& spool = it->second;
      const LaneKey lane{node.id, spool.incarnation, 0};
      const std::uint64_t pending = spool.records.size() - spool.acknowledged;
      if (pending > 0) {
        const std::uint64_t count = 1 + random_.Below(std::min<std::uint64_t>(pending, 5));
        const auto begin = spool.records.begin() + static_cast<std::ptrdiff_t>(spool.acknowledged);
        const absl::StatusOr<UsageReceipt> receipt =
            books_->Apply({lane,
                           spool.acknowledged + 1,
                           {begin, begin + static_cast<std::ptrdiff_t>(count)},
                           node.incarnation},
                          now_);
        ASSERT_OK(receipt.status());
        ASSERT_EQ(receipt->quarantined, 0u);
        Sync();
        if (!faults || !Chance(30)) spool.acknowledged = receipt->watermark;
      }
      if (spool.incarnation < node.incarnation && spool.acknowledged == spool.records.size()) {
        const absl::Status closed = books_->CloseIncarnation(
            node.id, node.incarnation, spool.incarnation, {{lane, spool.acknowledged}}, now_);
        ASSERT_OK(closed);
        Sync();
        if (!faults || !Chance(30)) {
          it = node.spools.erase(it);
          continue;
        }
      }
      ++it;
    }
  }

  void Drain() {
    for (Node& node : nodes_) {
      FinishAttempt(node);
      Report(node, /*faults=*/false);
    }
    while (!network_.empty()) Deliver(/*faults=*/false);
    for (Node& node : nodes_) {
      SendWant(node, 0, /*give_back=*/true);
    }
  }

  void Check() {
    for (const char* account : kAccounts) {
      const auto view = books_->leases().FindAccount(account);
      if (!view.has_value()) continue;
      ASSERT_LE(view->row.settled + view->row.outstanding, view->cap) << "LEDGER " << account;
    }
    ASSERT_LE(truth_, kCapBudget) << "CAP";
    ASSERT_LE(posted_, kCapBudget) << "CAP as posted";
    __int128 sum = 0;
    for (const auto& [account, balance] : books_->ledger().balances()) sum += balance.nano_usd();
    ASSERT_TRUE(sum == 0) << "LEDGER";
    ASSERT_EQ(books_->ledger().Balance("overrun"), Money::Zero());
  }

  void CheckComplete() {
    EXPECT_EQ(posted_, recorded_) << "COMPLETE";
    EXPECT_GE(posted_, truth_) << "COMPLETE: providers charged what nobody was billed";
    for (const char* account : kAccounts) {
      EXPECT_EQ(books_->leases().FindAccount(account)->row.outstanding, Money::Zero())
          << "COMPLETE " << account;
    }
    EXPECT_EQ(books_->ledger().Balance("wallet/ws_1"), Nano(kCapWallet - posted_));
  }

  SeededRandom random_;
  MemoryLedgerStore store_;
  std::unique_ptr<Books> books_;
  Now now_{absl::FromUnixSeconds(1'767'225'600), MonotonicTime::FromNanoseconds(1)};
  std::vector<Node> nodes_;
  std::vector<Message> network_;
  std::vector<std::pair<StreamId, WantRequest>> old_wants_;
  std::map<StreamId, std::uint64_t> stream_incarnation_;
  StreamId last_stream_ = 0;
  std::uint64_t last_attempt_ = 0;
  std::set<std::string> keys_;
  std::int64_t truth_ = 0;     // By the providers' own books.
  std::int64_t recorded_ = 0;  // In spools.
  std::int64_t posted_ = 0;    // In the ledger.
};

TEST(ProtocolSimulationTest, HoldsItsInvariantsUnderLossRepetitionAndCrashes) {
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    Simulation(seed).Run();
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tollgate::billing
