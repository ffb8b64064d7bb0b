#include "tests/sim/world.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "base/status_reason.h"

namespace tollgate::sim {
namespace {

// What the end may take: reconnects back off up to ten seconds, answers time out after ten.
constexpr absl::Duration kDrainMax = absl::Seconds(240);
constexpr absl::Duration kReleaseMax = absl::Seconds(120);
constexpr int kProbesMax = 60;

absl::Time EpochOf(const Swarm& swarm) {
  // A Sunday that ends a month: every period may end at its midnight.
  const absl::Time midnight = absl::FromCivil(absl::CivilDay(2027, 2, 1), absl::UTCTimeZone());
  return swarm.until_midnight >= absl::ZeroDuration() ? midnight - swarm.until_midnight
                                                      : midnight + absl::Hours(9);
}

}  // namespace

World::World(std::uint64_t seed, bool traced, const std::string& expected)
    : seed_(seed),
      dice_(seed),
      swarm_(DrawSwarm(dice_)),
      report_(scheduler_, traced, expected),
      network_(scheduler_, dice_, swarm_, report_),
      epoch_(EpochOf(swarm_)),
      billing_clock_(scheduler_, epoch_, 0),
      control_clock_(scheduler_, epoch_, 0),
      oracle_(report_),
      auditor_(oracle_, report_, swarm_.run_cap),
      control_(network_, swarm_, control_clock_),
      billing_(network_, swarm_, billing_clock_, control_, auditor_) {
  for (int i = 0; i < swarm_.nodes; ++i) {
    nodes_.push_back(
        std::make_unique<SimNode>(i, network_, swarm_, epoch_, control_, billing_, oracle_));
  }
}

World::~World() {
  for (const auto& node : nodes_) node->Shutdown();
  scheduler_.Close();
}

RunCounts World::counts() const {
  RunCounts counts;
  counts.events = scheduler_.events();
  counts.simulated_ns = scheduler_.now_ns();
  counts.entries = auditor_.entries();
  counts.interrupted = oracle_.interrupted();
  counts.leases_ended = oracle_.leases_ended();
  counts.resolved_living = resolved_living_;
  counts.kills = billing_.kills();
  for (const auto& node : nodes_) {
    const NodeCounts& of = node->counts();
    counts.requests += of.requests;
    counts.answered += of.answered;
    counts.growths += of.growths;
    counts.refused += of.refused_otherwise;
    for (const std::uint64_t refused : of.refused) counts.refused += refused;
    counts.kills += of.kills;
  }
  return counts;
}

std::string World::Digest() const {
  return absl::StrCat(absl::Hex(report_.digest(), absl::kZeroPad16), "-",
                      absl::Hex(scheduler_.events()), "-", absl::Hex(dice_.state()), "-",
                      absl::BytesToHexString(absl::string_view(
                          reinterpret_cast<const char*>(auditor_.last_hash().data()), 8)));
}

bool World::RunUntil(const std::function<bool()>& done, absl::Duration limit) {
  const std::int64_t until = scheduler_.now_ns() + absl::ToInt64Nanoseconds(limit);
  while (!report_.violated()) {
    if (done()) return true;
    if (scheduler_.now_ns() > until || !scheduler_.RunNext()) return false;
  }
  return false;
}

void World::Every(absl::Duration interval, std::function<void()> happen) {
  if (interval <= absl::ZeroDuration()) return;
  const absl::Duration wait = dice_.Between(absl::ZeroDuration(), 2 * interval);
  scheduler_.After(wait, [this, interval, happen = std::move(happen)]() mutable {
    if (!loading_) return;
    happen();
    Every(interval, std::move(happen));
  });
}

void World::Run() {
  control_.Start();
  billing_.Start();
  for (const auto& node : nodes_) {
    scheduler_.After(dice_.Between(absl::ZeroDuration(), absl::Seconds(1)),
                     [raw = node.get()] { raw->Start(); });
    PlanLoad(*node);
  }
  for (int w = 1; w <= swarm_.workspaces; ++w) {
    TopUp(absl::StrCat("ws_", w), swarm_.wallet_first);
  }
  PlanMoney();
  PlanFaults();
  PlanProcessFaults();
  RunUntil([] { return false; }, swarm_.length);
  if (report_.violated()) return;
  loading_ = false;
  BeGood();
  if (!Drain()) {
    // What is not complete now never will be.
    if (!report_.violated()) oracle_.CheckComplete();
    return;
  }
  SpendTheRest();
  if (report_.violated() || !Drain()) return;
  ResolveSuspended();
  CheckNothingIsLeft();
}

// ---- Load ---------------------------------------------------------------------------------------

void World::PlanLoad(SimNode& node) {
  Every(swarm_.think_time, [this, &node] {
    const std::int64_t bound =
        dice_.Chance(200'000) ? swarm_.bound_max : dice_.Between(1, swarm_.bound_max);
    node.Request(dice_.Index(control_.keys().size()), bound);
  });
}

void World::PlanMoney() {
  Every(swarm_.top_up_interval, [this] {
    std::int64_t amount = dice_.Between(1, std::max<std::int64_t>(1, swarm_.wallet_first / 2));
    if (dice_.Chance(200'000)) amount = -amount;  // An adjustment; refused when it is not there.
    TopUp(AnyWorkspace(), amount);
  });
  Every(swarm_.credit_interval, [this] { GrantCredit(AnyWorkspace()); });
  Every(swarm_.refund_interval, [this] { Refund(); });
}

// The same request_id counts once.
void World::Enter(const std::string& request_id, const MakeEntry& make) {
  const auto again = [this, request_id, make] {
    scheduler_.After(absl::Milliseconds(500),
                     [this, request_id, make] { Enter(request_id, make); });
  };
  if (!billing_.running()) return again();
  auto told = std::make_shared<bool>(false);
  billing_.Submit(
      [request_id, make](billing::Books& books, billing::Now now) {
        make(books, now, request_id).IgnoreError();
      },
      [again, told](const absl::Status& synced) {
        *told = true;
        if (!synced.ok()) again();
      });
  // When billing dies nobody answers.
  scheduler_.After(absl::Seconds(2), [again, told] {
    if (!*told) again();
  });
}

void World::TopUp(const std::string& workspace, std::int64_t amount) {
  const billing::EntryKind kind =
      amount > 0 ? billing::EntryKind::kTopUp : billing::EntryKind::kAdjustment;
  Enter(absl::StrCat("entry_", ++manual_entries_),
        [kind, workspace, amount](billing::Books& books, billing::Now now, const std::string& id) {
          return books.Post({kind, workspace, Money::FromNanoUsd(amount), id, "sim"}, now).status();
        });
}

void World::GrantCredit(const std::string& workspace) {
  const Money amount =
      Money::FromNanoUsd(dice_.Between(1, std::max<std::int64_t>(1, swarm_.wallet_first / 2)));
  const absl::Time until =
      billing_clock_.Wall() + (dice_.Chance(700'000)
                                   ? dice_.Between(absl::Seconds(1), absl::Seconds(20))
                                   : absl::Hours(24 * 365));
  Enter(absl::StrCat("entry_", ++manual_entries_),
        [workspace, amount, until](billing::Books& books, billing::Now now, const std::string& id) {
          return books.Grant({workspace, amount, until, id, "sim"}, now).status();
        });
}

// Of an attempt that is posted; sometimes more than there is left to refund.
void World::Refund() {
  if (oracle_.size() == 0) return;
  const std::size_t number = dice_.Index(oracle_.size());
  const Attempt& attempt = oracle_.attempt(number);
  if (attempt.postings == 0) return;
  const Money charge = Money::FromNanoUsd(attempt.posted);
  const Money amount =
      Money::FromNanoUsd(dice_.Chance(300'000) ? 0 : dice_.Between(0, attempt.posted));
  Enter(absl::StrCat("entry_", ++manual_entries_), [workspace = attempt.workspace, number, amount,
                                                    charge](billing::Books& books, billing::Now now,
                                                            const std::string& id) {
    return books.Refund({workspace, Oracle::GenerationOf(number), amount, charge, id, "sim"}, now)
        .status();
  });
}

// ---- Faults -------------------------------------------------------------------------------------

void World::Partition() {
  const int pairs = 2 * swarm_.nodes + 1;
  const auto chosen = static_cast<int>(dice_.Index(static_cast<std::size_t>(pairs)));
  const int a = chosen == pairs - 1 ? kBillingMachine : chosen / 2;
  const int b = chosen == pairs - 1 || chosen % 2 != 0 ? kControlMachine : kBillingMachine;
  network_.Partition(a, b);
  scheduler_.After(dice_.Between(absl::Milliseconds(200), absl::Seconds(15)),
                   [this, a, b] { network_.Heal(a, b); });
}

// A clock takes a period for over, long enough for its accounts to be closed, and goes back.
void World::JumpOverMidnight(SimNode& node) {
  const absl::Duration by = swarm_.until_midnight - scheduler_.now() +
                            dice_.Between(absl::Milliseconds(100), absl::Seconds(5));
  if (by <= absl::ZeroDuration()) return;
  report_.Event(node.name(), "the wall clock jumps over midnight");
  node.clock().Jump(by);
  scheduler_.After(dice_.Between(absl::Seconds(1), absl::Seconds(8)),
                   [&node, by] { node.clock().Jump(-by); });
}

void World::PlanFaults() {
  Every(swarm_.cut_interval,
        [this] { dice_.Chance(700'000) ? billing_.CutOne() : control_.CutOne(); });
  Every(swarm_.partition_interval, [this] { Partition(); });
  Every(swarm_.disk_full_interval, [this] {
    SimNode& node = AnyNode();
    report_.Event(node.name(), "the disk is full");
    node.files().disk_full = true;
    scheduler_.After(dice_.Between(absl::Milliseconds(100), absl::Seconds(5)),
                     [&node] { node.files().disk_full = false; });
  });
  Every(swarm_.clock_jump_interval, [this] {
    if (dice_.Chance(400'000)) return JumpOverMidnight(AnyNode());
    const absl::Duration by = dice_.Chance(500'000)
                                  ? dice_.Between(-absl::Seconds(20), absl::Seconds(20))
                                  : dice_.Between(-absl::Hours(30), absl::Hours(30));
    if (dice_.Chance(150'000)) return billing_clock_.Jump(by);
    SimNode& node = AnyNode();
    report_.Event(node.name(), "the wall clock jumps by ", absl::FormatDuration(by));
    node.clock().Jump(by);
  });
  Every(swarm_.budget_change_interval, [this] { control_.ChangeBudget(); });
  Every(swarm_.key_change_interval, [this] { control_.ChangeKey(); });
  Every(swarm_.resolve_interval, [this] { ResolveOne(); });
}

void World::PlanProcessFaults() {
  Every(swarm_.node_kill_interval, [this] { AnyNode().Die(Death::kKill); });
  Every(swarm_.node_power_interval, [this] { AnyNode().Die(Death::kPowerLoss); });
  Every(swarm_.node_disk_loss_interval, [this] { AnyNode().Die(Death::kDiskLoss); });
  Every(swarm_.crash_in_file_interval, [this] {
    SimNode& node = AnyNode();
    const Death death = dice_.Chance(500'000) ? Death::kKill : Death::kPowerLoss;
    node.files().CrashIn(static_cast<int>(dice_.Between(1, 12)), [&node, death] {
      if (node.running()) node.Die(death);
    });
  });
  Every(swarm_.stall_interval,
        [this] { AnyNode().Stall(dice_.Between(absl::Milliseconds(100), 2 * swarm_.lease_ttl)); });
  Every(swarm_.billing_kill_interval, [this] { billing_.Kill(); });
  Every(swarm_.control_kill_interval, [this] {
    control_.Kill();
    scheduler_.After(dice_.Between(absl::Milliseconds(100), absl::Seconds(8)),
                     [this] { control_.Start(); });
  });
}

// ---- The end ------------------------------------------------------------------------------------

void World::BeGood() {
  report_.Event("world", "the faults end");
  network_.BeGood();
  control_.BeGood();
  control_.Start();
  billing_.BeGood();
  billing_clock_.SetRight();
  for (const auto& node : nodes_) node->BeGood();
  control_.AllowAllKeys();
}

std::string World::Unquiet() const {
  if (!billing_.running()) return "billing is down";
  for (const auto& node : nodes_) {
    if (std::string why = node->Unquiet(); !why.empty()) return why;
  }
  return {};
}

bool World::Drain() {
  // What was appended just now shows in the shippers' status at their next look.
  std::int64_t next_look_ns = scheduler_.now_ns() + 400'000'000;
  const auto quiet = [this, &next_look_ns] {
    if (scheduler_.now_ns() < next_look_ns) return false;
    next_look_ns = scheduler_.now_ns() + 50'000'000;
    return Unquiet().empty();
  };
  bool drained = RunUntil(quiet, kDrainMax);
  if (drained && oracle_.lossy()) {
    // What a lossy run still has comes too; how much that is nobody says.
    RunUntil([] { return false; }, absl::Seconds(8));
    drained = RunUntil(quiet, kDrainMax);
  }
  if (report_.violated()) return false;
  if (!drained) report_.Violation("LIVENESS", "after the last fault: ", Unquiet());
  return drained;
}

// The cap that an account has to the end of the run: raises and promotional credits may end before.
std::int64_t World::LastingCap(const std::string& account) const {
  const absl::Time end = billing_clock_.Wall() + absl::Hours(1);
  const billing::Books& books = billing_.books();
  const auto ref = billing::ParseAccountRef(account);
  if (ref->kind == billing::AccountKind::kBudget) {
    const auto terms = books.leases().budgets().find(ref->id);
    return terms == books.leases().budgets().end() ? 0 : terms->second.CapAt(end).nano_usd();
  }
  const auto view = books.leases().FindAccount(account);
  std::int64_t cap = view.has_value() ? view->cap.nano_usd() : 0;
  for (const billing::CreditRow& credit : books.credits().List(ref->id)) {
    if (credit.expire_time < end) cap -= credit.remaining.nano_usd();
  }
  return cap;
}

// What a request on `key` may cost by now: the least that any of its accounts has left.
std::int64_t World::Spendable(const SimKey& key) const {
  const auto left = [this](const std::string& account) {
    std::int64_t rest = LastingCap(account);
    if (const auto view = billing_.books().leases().FindAccount(account)) {
      rest -= view->row.settled.nano_usd();
    }
    // What is suspended is counted against the cap, and spent by nobody.
    for (const billing::LeaseView& lease :
         billing_.books().leases().List({account, "", 0}, account, 1'000)) {
      const RunKey run{lease.row.key.node_id, lease.row.key.incarnation};
      const bool live = std::any_of(nodes_.begin(), nodes_.end(), [&run](const auto& node) {
        const dataplane::NodeIdentity& identity = *node->process().identity;
        return run == RunKey{identity.node_id(), identity.incarnation()};
      });
      if (!live) rest -= lease.row.totals.outstanding().nano_usd();
    }
    return rest;
  };
  std::int64_t least = left("wallet/" + key.workspace);
  for (const std::string& account : control_.HardAccounts(key, billing_clock_.Wall())) {
    least = std::min(least, left(account));
  }
  return least;
}

// Every cent that is not suspended can be spent, on any node: what others hold idle comes back.
void World::SpendTheRest() {
  for (std::size_t key = 0; key < control_.keys().size() && !report_.violated(); ++key) {
    if (Spendable(control_.keys()[key]) <= 0) continue;
    ProbeUntilHeld(key);
    if (!Drain()) return;
  }
}

void World::ProbeUntilHeld(std::size_t key) {
  std::int64_t amount = 0;
  for (int i = 0; i < kProbesMax && !report_.violated(); ++i) {
    // Each time anew: a period may end in between, and in the next one something else is left.
    const std::int64_t left = Spendable(control_.keys()[key]);
    if (left <= 0) return;
    if (std::exchange(amount, left) != left) {
      report_.Event("world", "spends the rest of ", control_.keys()[key].id, ": ", amount);
    }
    auto held = std::make_shared<int>(-1);
    AnyNode().Probe(key, amount, [held](bool was) { *held = was ? 1 : 0; });
    RunUntil([held] { return *held >= 0; }, absl::Seconds(10));
    if (*held == 1) return;
    RunUntil([] { return false; }, absl::Milliseconds(700));
  }
  if (report_.violated()) return;
  for (const billing::LeaseView& lease : billing_.books().leases().List({}, "", 1'000)) {
    report_.Event("billing", lease.row.key.account, " of ", lease.row.key.node_id.substr(0, 6), "/",
                  lease.row.key.incarnation, ": granted ", lease.row.totals.granted.nano_usd(),
                  ", released ", lease.row.totals.released.nano_usd(), ", settled ",
                  lease.row.totals.settled.nano_usd(), ", ", static_cast<int>(lease.state));
    const auto view = billing_.books().leases().FindAccount(lease.row.key.account);
    report_.Event("billing", "  cap ", view->cap.nano_usd(), ", settled ",
                  view->row.settled.nano_usd(), ", outstanding ", view->row.outstanding.nano_usd());
  }
  for (const auto& node : nodes_) {
    for (const dataplane::Account* account : node->process().pool->Accounts()) {
      const dataplane::AccountView view = node->process().pool->View(*account);
      report_.Event(node->name(), account->name, ": granted ", view.granted.nano_usd(),
                    ", released ", view.released.nano_usd(), ", remaining ",
                    view.remaining.nano_usd(), ", spent ", view.spent_total.nano_usd(),
                    view.holds_in_flight ? ", held" : "", view.inherited ? ", inherited" : "",
                    ", shortage ", static_cast<int>(view.shortage));
    }
  }
  report_.Violation("STRANDED", control_.keys()[key].id, ": ", amount,
                    " are left and cannot be spent");
}

void World::ResolveOne() {
  std::vector<billing::LeaseKey> lost;
  for (const auto& [key, lease] : auditor_.leases()) {
    if (!lease.totals.outstanding().is_zero() &&
        oracle_.MayHaveLost({key.node_id, key.incarnation})) {
      lost.push_back(key);
    }
  }
  if (!lost.empty()) ResolveLiving(lost[dice_.Index(lost.size())], /*tries=*/30);
}

void World::ResolveLiving(const billing::LeaseKey& key, int tries) {
  const bool lives = std::any_of(nodes_.begin(), nodes_.end(), [&key](const auto& node) {
    return node->running() && node->process().identity.has_value() &&
           node->process().identity->node_id() == key.node_id &&
           node->process().identity->incarnation() > key.incarnation;
  });
  if (!lives || tries == 0) return;
  billing_.Submit(
      [this, key, tries](billing::Books& books, billing::Now now) {
        // Of a node that is cut off nobody can say that it does not draw on it.
        if (!books.leases().IsConnected(key.node_id)) return;
        const absl::Status status =
            books.Resolve({.lease = key, .actor = "operator"}, now).status();
        if (status.ok()) {
          report_.Event("operator", "resolves ", key.account, " of ", key.node_id.substr(0, 6), "/",
                        key.incarnation);
          ++resolved_living_;
          return oracle_.WriteOff(key);
        }
        if (ReasonOf(status) != "GIVING_UP") return;
        scheduler_.After(absl::Milliseconds(100),
                         [this, key, tries] { ResolveLiving(key, tries - 1); });
      },
      [](const absl::Status&) {});
}

// An operator gives up what cannot come back, with the nodes that may still claim it stopped.
void World::ResolveSuspended() {
  if (report_.violated()) return;
  const auto settled = [this] {
    for (const auto& [key, lease] : auditor_.leases()) {
      if (!lease.totals.outstanding().is_zero() &&
          !oracle_.MayHaveLost({key.node_id, key.incarnation})) {
        return false;
      }
    }
    return true;
  };
  if (!RunUntil(settled, kReleaseMax) && !report_.violated()) {
    for (const auto& [key, lease] : auditor_.leases()) {
      if (lease.totals.outstanding().is_zero() ||
          oracle_.MayHaveLost({key.node_id, key.incarnation})) {
        continue;
      }
      report_.Violation("STRANDED", key.account, " of ", key.node_id.substr(0, 6), "/",
                        key.incarnation, " still holds ", lease.totals.outstanding().nano_usd());
    }
    return;
  }
  for (const auto& node : nodes_) {
    node->StayDown();
    node->Die(Death::kKill);
  }
  RunUntil([] { return false; }, absl::Seconds(20));
  std::vector<billing::LeaseKey> suspended;
  for (const auto& [key, lease] : auditor_.leases()) {
    if (!lease.totals.outstanding().is_zero()) suspended.push_back(key);
  }
  for (const billing::LeaseKey& key : suspended) {
    oracle_.WriteOff(key);
    auto outcome = std::make_shared<absl::Status>(absl::UnknownError("not yet"));
    billing_.Submit(
        [key, outcome](billing::Books& books, billing::Now now) {
          *outcome = books.Resolve({.lease = key, .actor = "operator"}, now).status();
        },
        [](const absl::Status&) {});
    RunUntil([] { return false; }, absl::Milliseconds(50));
    if (!outcome->ok()) {
      report_.Violation("STRANDED", key.account, " cannot be resolved: ", outcome->ToString());
    }
  }
}

void World::CheckNothingIsLeft() {
  if (report_.violated()) return;
  for (const auto& [key, lease] : auditor_.leases()) {
    if (!lease.totals.outstanding().is_zero()) {
      report_.Violation("STRANDED", key.account, " holds something at the end");
    }
  }
  oracle_.CheckComplete();
  auditor_.CheckAll(billing_.store());
}

}  // namespace tollgate::sim
