#include "dataplane/budget/lease_keeper.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/log.h"
#include "base/seeded_bug.h"
#include "base/status_reason.h"
#include "base/string_views.h"

namespace tollgate::dataplane {
namespace {

using lease::v1::LeaseRequest;
using lease::v1::LeaseResponse;

// All accounts are looked at once in so many ticks; those that want attention at each.
constexpr int kTicksPerSweep = 10;
// After a recall, refills wait so long, or they would take back what was just given.
constexpr absl::Duration kAfterRecall = absl::Seconds(1);
// Between two refills of one account: when billing gives less than was asked, asking again at once
// would only go round.  What waiters need is asked at once.
constexpr absl::Duration kRefillPause = absl::Milliseconds(500);
// The same for what waiters need, after a refusal: what others settle or give back shows by then.
constexpr absl::Duration kAskPause = absl::Milliseconds(20);
// The least time from a grant to its renewal.
constexpr absl::Duration kRenewPause = absl::Seconds(1);
// A connection without an error for so long counts as connected, though nothing was asked.
constexpr absl::Duration kQuietConnected = absl::Seconds(1);
// Former incarnations that are given up at a time.
constexpr std::size_t kGivingUpMax = 10'000;
// The weight of what is new in the smoothed rate of spend: 1/4 per sweep of a second.
constexpr int kRateShift = 2;

// a × b / c, saturating.  REQUIRED: c > 0.
std::int64_t MultiplyDivide(std::int64_t a, std::int64_t b, std::int64_t c) {
  const __int128 result = static_cast<__int128>(a) * b / c;
  return static_cast<std::int64_t>(
      std::clamp<__int128>(result, 0, std::numeric_limits<std::int64_t>::max()));
}

Money AtLeastZero(std::optional<Money> money) {
  return std::max(money.value_or(Money::Zero()), Money::Zero());
}

// What to like where requests wait: as much again for those that come meanwhile, which would
// otherwise take the grant before those that wait are awake.
Money Ample(const AccountView& view, Money appetite) {
  return view.need.TryAdd(std::max(view.need, appetite)).value_or(Money::Max());
}

}  // namespace

// What is under way for one account, and how it has been spent of late.
struct LeaseKeeper::Want {
  std::uint64_t first_nonce = 0;  // Answers to smaller ones are about a lease that is over.
  std::uint64_t nonce = 0;        // Of the unanswered message; 0 = none.
  bool closing = false;           // That message asks to end the lease.
  MonotonicTime no_close_before;
  MonotonicTime sent_at;
  Money sent_need;
  MonotonicTime renew_at;     // Half the lifetime of the last grant.
  Money released_sent;        // The released total of the last message.
  bool release_seen = false;  // Billing has answered a message with that total.
  bool not_renewed = false;   // Billing said last that nothing may be drawn on it.
  MonotonicTime no_refill_before;
  MonotonicTime no_ask_before;  // After a refusal.
  bool ask_planned = false;     // A look at `no_ask_before` is on its way.
  bool refill_planned = false;  // A look at `no_refill_before` is.
  // What the last grant gave, for when the node has the configuration that it names.
  struct Late {
    config::v1::Revision revision;
    MonotonicTime deadline;
  };
  std::optional<Late> late;
  // Measured.
  MonotonicTime measured_at;
  Money measured_spent;
  std::int64_t rate_nano_usd_per_s = 0;  // Smoothed.
  std::int64_t last_rate_nano_usd_per_s = 0;
  Money largest_hold;
  Money held_peak;  // The most that running requests held at once, of late.
};

LeaseKeeper::LeaseKeeper(LeasePool& pool, Executor& executor, const Clock& clock, Random& random,
                         Factory factory, LeaseKeeperOptions options)
    : pool_(pool),
      executor_(executor),
      clock_(clock),
      random_(random),
      factory_(std::move(factory)),
      options_(std::move(options)),
      alive_(std::make_shared<int>(0)),
      backoff_(options_.backoff) {
  pool_.SetWake([this, alive = std::weak_ptr<int>(alive_)] {
    executor_.Post([this, alive] {
      if (!alive.expired()) Attend();
    });
  });
  if (options_.slots == nullptr) return;
  options_.slots->SetWake([this, alive = std::weak_ptr<int>(alive_)] {
    executor_.Post([this, alive] {
      if (!alive.expired()) TellSlots();
    });
  });
}

LeaseKeeper::~LeaseKeeper() {
  pool_.SetWake(nullptr);
  if (options_.slots != nullptr) options_.slots->SetWake(nullptr);
}

void LeaseKeeper::Start() {
  executor_.Post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    Connect();
    Tick();
  });
}

void LeaseKeeper::ReleaseAll() {
  executor_.Post([this, alive = std::weak_ptr<int>(alive_)] {
    if (alive.expired()) return;
    releasing_ = true;
    for (const Account* account : pool_.Accounts()) {
      const AccountView view = pool_.View(*account);
      GiveBack(view, WantOf(*account), Money::Max());
    }
  });
}

LeaseKeeperStatus LeaseKeeper::status() const {
  std::lock_guard lock(status_mutex_);
  return status_;
}

LeaseKeeper::Want& LeaseKeeper::WantOf(const Account& account) {
  std::unique_ptr<Want>& want = wants_[account.name];
  if (want == nullptr) {
    want = std::make_unique<Want>();
    want->first_nonce = next_nonce_;
    want->no_close_before = clock_.Monotonic() + options_.idle_close;
    want->measured_at = clock_.Monotonic();
  }
  return *want;
}

void LeaseKeeper::SetConnected(bool connected) {
  connected_ = connected;
  pool_.SetConnected(connected);
  if (options_.slots != nullptr) options_.slots->SetConnected(connected);
  std::lock_guard lock(status_mutex_);
  status_.connected = connected;
}

// ---- The connection -----------------------------------------------------------------------------

void LeaseKeeper::Connect() {
  connected_at_ = clock_.Monotonic();
  auto alive = std::weak_ptr<int>(alive_);
  LinkEvents<LeaseResponse> events;
  events.on_message = [this, alive](const LeaseResponse& message) {
    if (!alive.expired()) OnMessage(message);
  };
  events.on_closed = [this, alive](const absl::Status& status) {
    if (!alive.expired()) OnClosed(status);
  };
  link_ = factory_(std::move(events));
  LeaseRequest request;
  request.mutable_hello()->set_node_id(options_.node_id);
  request.mutable_hello()->set_incarnation(options_.incarnation);
  request.mutable_hello()->set_session(options_.session);
  link_->Send(std::move(request));
  // Everything that is held is stated anew; billing answers with what it knows.
  for (auto& [name, want] : wants_) want->nonce = 0;
  for (const Account* account : pool_.Accounts()) {
    const AccountView view = pool_.View(*account);
    Want& want = WantOf(*account);
    if (want.closing) {  // Whether billing has heard it is not known: until it says, it is asked.
      AskToClose(view, want);
      continue;
    }
    Measure(view, want);
    Send(view, want, view.need, releasing_ ? Money::Zero() : Appetite(view, want));
  }
}

void LeaseKeeper::OnMessage(const LeaseResponse& message) {
  backoff_.Reset();
  if (!connected_) SetConnected(true);
  pool_.SetConnected(true);
  if (message.has_grant()) OnGrant(message.grant());
  if (message.has_recall()) OnRecall(message.recall().account());
  if (message.has_give_up()) OnGiveUp(message.give_up().incarnation());
  if (message.has_slot_grant() && options_.slots != nullptr) {
    const LeaseResponse::SlotGrant& grant = message.slot_grant();
    options_.slots->Grant(grant.subject(), grant.granted(), grant.recalled());
  }
}

void LeaseKeeper::OnGrant(const lease::v1::Grant& grant) {
  {
    std::lock_guard lock(status_mutex_);
    ++status_.grants_received;
  }
  const Account* account = pool_.Find(grant.account());
  if (account == nullptr || grant.granted_nano_usd() < 0) return;  // Not ours, or no longer.
  Want& want = WantOf(*account);
  // Of a former life of the lease?  What comes unasked (0) takes and never gives.
  const bool late = grant.nonce() != 0 && grant.nonce() < want.first_nonce;
  if (late && !TG_SEEDED_BUG(kLateGrant)) return;
  if (want.closing && grant.nonce() == want.nonce) {
    want.closing = false;
    want.nonce = 0;
    if (grant.closed()) return OnClosedLease(*account);
  }
  if (grant.closed()) return;
  const bool timeless = grant.ttl().seconds() == 0 && grant.ttl().nanos() == 0;
  std::optional<MonotonicTime> deadline;
  if (want.nonce != 0 && grant.nonce() == want.nonce) {
    want.late.reset();
    TakeTime(grant, want, deadline);
    want.nonce = 0;
    want.release_seen = true;
  } else if (timeless) {
    want.late.reset();
    deadline = clock_.Monotonic();  // A cap was lowered: nothing new from now on.
  }
  if (deadline.has_value()) want.not_renewed = timeless;
  const Money unsettled =
      AtLeastZero(Money::FromNanoUsd(grant.cap_nano_usd())
                      .TrySubtract(Money::FromNanoUsd(grant.settled_nano_usd())));
  const Money granted =
      grant.nonce() == 0 ? Money::Zero() : Money::FromNanoUsd(grant.granted_nano_usd());
  pool_.Grant(*account, granted, deadline, static_cast<LeaseShortage>(grant.shortage()), unsettled,
              AtLeastZero(unsettled.TrySubtract(Money::FromNanoUsd(grant.outstanding_nano_usd()))));
  if (grant.shortage() != lease::v1::SHORTAGE_UNSPECIFIED) {
    want.no_ask_before = clock_.Monotonic() + kAskPause;
    // The former incarnations' leases may be what is missing: nothing is left to wait for.
    pool_.RetireInheritedOf(*account);
  }
  Look(*account);
}

// Until when the lease may be drawn on, by the answer to the question under way.
void LeaseKeeper::TakeTime(const lease::v1::Grant& grant, Want& want,
                           std::optional<MonotonicTime>& deadline) {
  const absl::Duration ttl =
      absl::Seconds(grant.ttl().seconds()) + absl::Nanoseconds(grant.ttl().nanos());
  // Counted from when the question was sent, less what clocks may differ by.
  const MonotonicTime until = want.sent_at + ttl * (1000 - options_.drift_permille) / 1000;
  // Not at once, even when it lives no time at all (a lowered cap, an unknown account).
  want.renew_at = std::max(want.sent_at + ttl / 2, clock_.Monotonic() + kRenewPause);
  const bool behind = ttl > absl::ZeroDuration() && grant.has_config_revision() &&
                      options_.config_behind && options_.config_behind(grant.config_revision());
  if (!behind) {
    deadline = until;
    return;
  }
  // The former time runs on.  Mostly the change is on its way, and is here in milliseconds.
  want.late = Want::Late{grant.config_revision(), until};
  want.no_ask_before = clock_.Monotonic() + options_.tick;
  late_.insert(grant.account());
}

// Gives the times of which the configuration has come meanwhile.
void LeaseKeeper::TakeLateTimes() {
  for (auto name = late_.begin(); name != late_.end();) {
    const Account* account = pool_.Find(*name);
    const auto want = wants_.find(*name);
    if (account == nullptr || want == wants_.end() || !want->second->late.has_value()) {
      name = late_.erase(name);
      continue;
    }
    const Want::Late& late = *want->second->late;
    if (options_.config_behind(late.revision)) {
      ++name;
      continue;
    }
    pool_.Renew(*account, late.deadline);
    want->second->late.reset();
    name = late_.erase(name);
  }
}

// The lease is over: the account is forgotten, or begins a new life when somebody wants it already.
void LeaseKeeper::OnClosedLease(const Account& account) {
  const std::string name = account.name;
  const bool awaited = pool_.View(account).need > Money::Zero();
  if (!pool_.CloseIdle(account)) {
    LogEvent(LogLevel::kError, "lease_in_use_after_close", {{"account", name}});
    return;
  }
  wants_.erase(name);
  // Who waits on what is gone looks again, and opens it anew.
  if (awaited) pool_.WakeClosed(account);
}

void LeaseKeeper::OnRecall(const std::string& name) {
  {
    std::lock_guard lock(status_mutex_);
    ++status_.recalls_received;
  }
  const Account* account = pool_.Find(name);
  if (account == nullptr) return;
  const AccountView view = pool_.View(*account);
  Want& want = WantOf(*account);
  if (want.closing) return;  // All of it is back.
  Measure(view, want);
  want.no_refill_before = clock_.Monotonic() + kAfterRecall;
  // A second's worth stays, and what waits for it now.  Where nothing was spent in the last second
  // nothing stays: the smoothed rate fades for a minute, and the last cent is wanted elsewhere.
  const std::int64_t rate = std::min(want.rate_nano_usd_per_s, want.last_rate_nano_usd_per_s);
  const Money keep = std::max(Money::FromNanoUsd(rate), view.need);
  GiveBack(view, want, AtLeastZero(view.remaining.TrySubtract(keep)));
}

// An operator resolves what a former run left, whose journal is lost: nothing new may draw on it.
void LeaseKeeper::OnGiveUp(std::uint64_t incarnation) {
  if (incarnation >= options_.incarnation || giving_up_.size() >= kGivingUpMax) return;
  pool_.RetireIncarnation(incarnation);
  giving_up_.insert(incarnation);
  TellGivenUp();
}

void LeaseKeeper::TellGivenUp() {
  if (link_ == nullptr || !options_.drawn_acknowledged) return;
  std::erase_if(giving_up_, [this](std::uint64_t incarnation) {
    if (!pool_.Retired(incarnation) || !options_.drawn_acknowledged(incarnation)) return false;
    LeaseRequest request;
    request.mutable_given_up()->set_incarnation(incarnation);
    link_->Send(request);
    LogEvent(LogLevel::kWarning, "leases_given_up", {{"incarnation", incarnation}});
    return true;
  });
}

void LeaseKeeper::TellSlots() {
  if (link_ == nullptr || options_.slots == nullptr) return;
  for (const SlotWant& news : options_.slots->TakeWants(clock_.Monotonic())) {
    LeaseRequest request;
    LeaseRequest::SlotWant* want = request.mutable_slot_want();
    want->set_subject(news.subject);
    want->set_limit(news.limit);
    want->set_in_use(news.in_use);
    want->set_returned(news.returned);
    want->set_wanted(news.wanted);
    link_->Send(std::move(request));
  }
}

void LeaseKeeper::OnClosed(const absl::Status& status) {
  link_.reset();
  giving_up_.clear();  // Who still wants it asks again.
  SetConnected(false);
  const std::string reason = ReasonOf(status);
  const bool fenced = reason == "STALE_INCARNATION" || reason == "SOURCE_IN_USE";
  {
    std::lock_guard lock(status_mutex_);
    status_.fenced = fenced;
    status_.error = status.ToString();
  }
  const absl::Duration delay = backoff_.Next(random_);
  LogEvent(fenced ? LogLevel::kError : LogLevel::kWarning, "lease_stream_lost",
           {{"error", status}, {"retry_ms", absl::ToInt64Milliseconds(delay)}});
  executor_.PostAfter(delay, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired() && link_ == nullptr) Connect();
  });
}

// ---- The leases ---------------------------------------------------------------------------------

void LeaseKeeper::Tick() {
  const MonotonicTime now = clock_.Monotonic();
  if (link_ != nullptr && !connected_ && now - connected_at_ > kQuietConnected) {
    bool asked = false;
    for (const auto& [name, want] : wants_) asked = asked || want->nonce != 0;
    if (!asked) SetConnected(true);
  }
  if (options_.config_confirmed) pool_.SetConfirmed(options_.config_confirmed());
  TakeLateTimes();
  TellGivenUp();
  TellSlots();
  Attend();
  if (++ticks_ % kTicksPerSweep == 0) {
    if (connected_) pool_.RetireInherited(/*force=*/false);
    for (const Account* account : pool_.Accounts()) Look(*account);
    pool_.FreeClosed();
    for (const auto& [name, want] : wants_) {
      if (link_ == nullptr || want->nonce == 0) continue;
      // It is cut off for all that anybody can say here; who asks is told so.
      if (now - want->sent_at > options_.answer_late) pool_.SetConnected(false);
      if (now - want->sent_at > options_.answer_timeout) {
        OnClosed(absl::DeadlineExceededError("billing left a question about a lease unanswered"));
      }
    }
  }
  executor_.PostAfter(options_.tick, [this, alive = std::weak_ptr<int>(alive_)] {
    if (!alive.expired()) Tick();
  });
}

void LeaseKeeper::Attend() {
  for (const Account* account : pool_.TakeAttention()) Look(*account);
}

// What running requests hold of this incarnation's lease; what they drew on an inherited one is not
// told apart from it, and makes it less.
Money LeaseKeeper::HeldOf(const AccountView& view) {
  const Money drawn = AtLeastZero(view.granted.TrySubtract(view.released));
  const Money in_use = AtLeastZero(drawn.TrySubtract(view.remaining));
  return AtLeastZero(in_use.TrySubtract(view.spent_total));
}

// The rate is measured over at least a second: less says nothing.
void LeaseKeeper::Measure(const AccountView& view, Want& want) {
  want.largest_hold = std::max(want.largest_hold, view.largest_hold);
  want.held_peak = std::max(want.held_peak, HeldOf(view));
  const MonotonicTime now = clock_.Monotonic();
  const std::int64_t elapsed_ms = absl::ToInt64Milliseconds(now - want.measured_at);
  if (elapsed_ms < 1000) return;
  const Money spent = AtLeastZero(view.spent_total.TrySubtract(want.measured_spent));
  const std::int64_t rate = MultiplyDivide(spent.nano_usd(), 1000, elapsed_ms);
  want.rate_nano_usd_per_s += (rate - want.rate_nano_usd_per_s) >> kRateShift;
  want.last_rate_nano_usd_per_s = rate;
  want.measured_at = now;
  want.measured_spent = view.spent_total;
  // Fades, so that one dear request does not keep money here for ever.
  want.largest_hold = Money::FromNanoUsd(MultiplyDivide(want.largest_hold.nano_usd(), 15, 16));
  want.held_peak = Money::FromNanoUsd(MultiplyDivide(want.held_peak.nano_usd(), 15, 16));
}

// How much more an account would like, beyond what waiters need.
Money LeaseKeeper::Appetite(const AccountView& view, const Want& want) const {
  const Money by_rate = Money::FromNanoUsd(MultiplyDivide(
      want.rate_nano_usd_per_s, absl::ToInt64Milliseconds(options_.refill_horizon), 1000));
  const Money by_hold =
      Money::FromNanoUsd(MultiplyDivide(want.largest_hold.nano_usd(), options_.first_holds, 1));
  // Holds are bounds, often far above what is charged: the rate of spend alone would keep too
  // little for as many requests at once as there were.  Twice that many should find room.
  const Money by_held =
      AtLeastZero(Money::FromNanoUsd(MultiplyDivide(want.held_peak.nano_usd(), 2, 1))
                      .TrySubtract(HeldOf(view)));
  return AtLeastZero(std::max({by_rate, by_hold, by_held}).TrySubtract(view.remaining));
}

void LeaseKeeper::GiveBack(const AccountView& view, Want& want, Money amount) {
  pool_.ReleaseIdle(*view.account, amount);
  want.release_seen = false;  // Also when there is nobody to tell now.
  Send(pool_.View(*view.account), want, Money::Zero(), Money::Zero());
}

void LeaseKeeper::Look(const Account& account) {
  if (LeasePool::Closed(account)) return;  // Somebody asked for it as it was closed.
  const AccountView view = pool_.View(account);
  Want& want = WantOf(account);
  if (want.closing) return;  // What is wanted meanwhile waits for the answer.
  Measure(view, want);
  if (clock_.Wall() >= account.period_end) {
    LookAtEnded(view, want);
  } else {
    LookAtLive(view, want);
  }
}

// Nothing new draws on a period that is over: all of it goes back, then the account is forgotten.
void LeaseKeeper::LookAtEnded(const AccountView& view, Want& want) {
  if (view.remaining > Money::Zero()) return GiveBack(view, want, Money::Max());
  const bool settled =
      !view.holds_in_flight && want.nonce == 0 && (view.granted.is_zero() || want.release_seen);
  const std::string name = view.account->name;
  if (settled && pool_.CloseEnded(*view.account, clock_.Wall())) wants_.erase(name);
}

void LeaseKeeper::LookAtLive(const AccountView& view, Want& want) {
  const MonotonicTime now = clock_.Monotonic();
  const Money appetite = Appetite(view, want);
  const Money low_water =
      Money::FromNanoUsd(AtLeastZero(view.remaining.TryAdd(appetite)).nano_usd() / 2);
  const bool may_refill = link_ != nullptr && want.nonce == 0 && now >= want.no_refill_before &&
                          view.shortage == LeaseShortage::kNone;
  // Below it each use of the account asks for a look, which is in vain until more can be asked for.
  pool_.SetLowWater(*view.account, may_refill ? low_water : Money::Zero());
  if (now < want.no_refill_before && view.remaining < low_water) {
    LookLater(*view.account, want.no_refill_before, &Want::refill_planned);
  }
  if (link_ == nullptr || releasing_) return;
  // It serves nobody here, though requests wait for it.  Of a cap that fell, or of credit whose
  // time is over, billing may grant the rest again once it is back; nobody else asks for it: a
  // recall is sent once, to who is connected then.
  if (want.not_renewed && connected_ && view.remaining > Money::Zero()) {
    return GiveBack(view, want, Money::Max());
  }
  if (want.nonce != 0) {
    // One question at a time, but for a need that the one under way does not cover.
    if (view.need <= want.sent_need) return;
    return Send(view, want, view.need, Ample(view, appetite));
  }
  if (view.need > Money::Zero()) {
    // What was refused just now is not asked again at once: it would only go round.
    if (now < want.no_ask_before) return AskLater(*view.account, want);
    return Send(view, want, view.need, Ample(view, appetite));
  }
  if (view.holds_in_flight) want.no_close_before = now + options_.idle_close;
  const bool used =
      view.last_use != MonotonicTime::InfinitePast() && now - view.last_use < options_.idle_release;
  if (!used && !view.holds_in_flight) {
    // Only to somebody: while billing is away the node keeps what it may serve from.
    if (!connected_) return;
    if (view.remaining > Money::Zero()) return GiveBack(view, want, Money::Max());
    const bool idle = view.last_use == MonotonicTime::InfinitePast() ||
                      now - view.last_use >= options_.idle_close;
    if (idle && now >= want.no_close_before) AskToClose(view, want);
    return;
  }
  const bool low = may_refill && appetite > Money::Zero() && view.remaining < low_water;
  const bool unstarted = !view.answered;  // An inherited lease serves it: get one of our own.
  if (low || unstarted || now >= want.renew_at) {
    Send(view, want, Money::Zero(), now >= want.no_refill_before ? appetite : Money::Zero());
  }
}

// Asks billing to forget the lease of an account that was idle for long, so that both sides can: a
// node that met many accounts keeps only those that are in use.
void LeaseKeeper::AskToClose(const AccountView& view, Want& want) {
  want.closing = true;
  want.no_close_before = clock_.Monotonic() + options_.idle_close;
  Send(view, want, Money::Zero(), Money::Zero());
}

void LeaseKeeper::AskLater(const Account& account, Want& want) {
  LookLater(account, want.no_ask_before, &Want::ask_planned);
}

// One look of each sort is planned at a time.
void LeaseKeeper::LookLater(const Account& account, MonotonicTime at, bool Want::*planned) {
  if (std::exchange(WantOf(account).*planned, true)) return;
  executor_.PostAfter(at - clock_.Monotonic(),
                      [this, planned, name = account.name, alive = std::weak_ptr<int>(alive_)] {
                        if (alive.expired()) return;
                        const Account* found = pool_.Find(name);
                        if (found == nullptr) return;
                        WantOf(*found).*planned = false;
                        Look(*found);
                      });
}

void LeaseKeeper::Send(const AccountView& view, Want& want, Money need, Money more) {
  if (link_ == nullptr) return;
  const MonotonicTime now = clock_.Monotonic();
  LeaseRequest request;
  lease::v1::LeaseRequest::Want* message = request.mutable_want();
  message->set_account(view.account->name);
  message->set_granted_nano_usd(view.granted.nano_usd());
  message->set_released_nano_usd(view.released.nano_usd());
  message->set_need_nano_usd(need.nano_usd());
  message->set_want_nano_usd(std::max(need, more).nano_usd());
  message->set_nonce(next_nonce_);
  message->set_close(want.closing);
  message->set_cap_nano_usd(view.stated_cap.nano_usd());
  want.nonce = next_nonce_++;
  want.sent_at = now;
  want.sent_need = need;
  want.release_seen = false;
  pool_.SetLowWater(*view.account, Money::Zero());  // Until it is answered.
  want.no_refill_before = std::max(want.no_refill_before, now + kRefillPause);
  // Until it is answered, renewals wait; afterwards the grant says when.
  want.renew_at = now + options_.answer_timeout;
  link_->Send(std::move(request));
  std::lock_guard lock(status_mutex_);
  ++status_.wants_sent;
}

}  // namespace tollgate::dataplane
