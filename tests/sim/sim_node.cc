#include "tests/sim/sim_node.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/check.h"
#include "base/seal.h"
#include "base/status_macros.h"
#include "dataplane/meter/recovery.h"
#include "tests/sim/sim_request.h"

namespace tollgate::sim {
namespace {

constexpr const char* kFolder = "data";
constexpr const char* kSpoolFolder = "data/spool";
// More than the accounts that a run has; what a full table does is in the pool's own tests.
constexpr std::size_t kLeaseSlots = 128;
// No record is longer: a flipped bit nearer to the end might be taken for a torn one.
constexpr std::size_t kRecordBytesMax = 8 * 1024;

const Sealer& TheSealer() {
  static const Sealer sealer = *Sealer::Create(Secret(std::string(kSealKeyBytes, 'k')));
  return sealer;
}

std::string ShortId(const std::string& node_id) { return node_id.substr(0, 6); }

}  // namespace

SimNode::Process::Process(SimNode& node) : executor(node.network_.scheduler(), node.clock_, life) {}

SimNode::Process::~Process() = default;

SimNode::SimNode(int machine, Network& network, const Swarm& swarm, absl::Time epoch,
                 SimControl& control, SimBilling& billing, Oracle& oracle)
    : machine_(machine),
      name_(absl::StrCat("node", machine)),
      network_(network),
      swarm_(swarm),
      control_(control),
      billing_(billing),
      oracle_(oracle),
      report_(network.report()),
      dice_(network.dice()),
      clock_(network.scheduler(), epoch, dice_.Between(-swarm.drift_ppm_max, swarm.drift_ppm_max)),
      files_(std::make_unique<SimFileSystem>(dice_)) {
  files_->sync_error_per_million = swarm_.sync_error;
}

SimNode::~SimNode() = default;

void SimNode::Shutdown() {
  if (process_ == nullptr) return;
  process_->life->alive = false;
  files_->Freeze();
  for (auto& [id, request] : process_->requests) request->Abandon();
  process_->requests.clear();
}

std::string SimNode::BootId() const { return absl::StrCat("boot-", machine_, "-", boots_); }

// ---- The process --------------------------------------------------------------------------------

void SimNode::Start() {
  if (process_ != nullptr) return;
  files_->Thaw();
  if (!good_ && dice_.Chance(swarm_.bit_flip)) FlipABit();
  process_ = std::make_shared<Process>(*this);
  last_revision_ = {};
  const std::shared_ptr<Process> process = process_;
  const absl::Status built = Build(*process);
  if (!process->life->alive) return;  // It died of a crash on the way, and is buried later.
  if (!built.ok()) {
    report_.Event(name_, "does not start: ", built.ToString());
    process->life->alive = false;
    process_.reset();
    files_->Freeze();
    return StartLater();
  }
  // Pages reach the disk in any order: a power loss may leave a hole among what was not synced.  It
  // cannot be told from damage, and is kept for an operator.
  if (process->spool->status().recovery.corrupt_segments > 0) NoteLosses(damaged_runs_);
  report_.Event(name_, "started: ", ShortId(process->identity->node_id()), "/",
                process->identity->incarnation(), ", ", BootId());
  BuildLinks(*process);
  process->subscriber->LoadFromDisk();
  if (!process->life->alive) return;
  process->subscriber->Start();
  process->keeper->Start();
  process->shipper->Start();
  Upkeep(process->life);
}

absl::Status SimNode::Build(Process& process) {
  TG_ASSIGN_OR_RETURN(dataplane::NodeIdentity identity,
                      dataplane::NodeIdentity::Begin(*files_, kFolder, BootId(), swarm_.durability,
                                                     swarm_.lanes, dice_));
  process.identity.emplace(std::move(identity));
  runs_.insert({process.identity->node_id(), process.identity->incarnation()});
  dataplane::SpoolOptions options;
  options.folder = kSpoolFolder;
  options.segment_bytes = static_cast<std::size_t>(swarm_.segment_bytes);
  options.bytes_max = 64 * options.segment_bytes;
  options.durability = swarm_.durability;
  options.threads = false;
  TG_ASSIGN_OR_RETURN(process.spool, dataplane::Spool::Open(*files_, dice_, *process.identity,
                                                            swarm_.lanes, options));
  TG_ASSIGN_OR_RETURN(process.table,
                      dataplane::LeaseTable::Open(*files_, absl::StrCat(kFolder, "/leases"),
                                                  kLeaseSlots, BootId()));
  process.pool = std::make_unique<dataplane::LeasePool>(
      *process.table, clock_,
      dataplane::LeasePoolOptions{.incarnation = process.identity->incarnation()});
  process.disk =
      std::make_unique<dataplane::SnapshotDisk>(*files_, absl::StrCat(kFolder, "/config"));
  process.resolver = std::make_unique<dataplane::AccountResolver>(*process.pool);
  return absl::OkStatus();
}

template <typename PipeType, typename Req, typename Resp, typename Server>
dataplane::LinkFactory<Req, Resp> SimNode::Links(Process& process, int machine, Server& server) {
  return [this, &process, machine, &server](dataplane::LinkEvents<Resp> events) {
    // A stopped process hears nothing until it goes on.
    dataplane::LinkEvents<Resp> heard;
    heard.on_message = [&process, on_message = std::move(events.on_message)](const Resp& message) {
      if (process.executor.runs()) return on_message(message);
      process.executor.Run([on_message, message] { on_message(message); });
    };
    heard.on_closed = [&process,
                       on_closed = std::move(events.on_closed)](const absl::Status& status) {
      process.executor.Run([on_closed, status] { on_closed(status); });
    };
    return PipeType::Open(
        network_, process.life, machine_, machine, [&server] { return server.life(); },
        [&server](const std::shared_ptr<PipeType>& pipe) { return server.Accept(pipe); },
        std::move(heard));
  };
}

void SimNode::BuildLinks(Process& process) {
  std::string session(16, '\0');
  dice_.Fill({reinterpret_cast<std::uint8_t*>(session.data()), session.size()});
  dataplane::SubscriberOptions subscriber;
  subscriber.node_id = process.identity->node_id();
  process.subscriber = std::make_unique<dataplane::Subscriber>(
      process.holder, *process.disk, TheSealer(), process.executor, clock_, dice_,
      Links<ConfigPipe, config::v1::SubscribeRequest, config::v1::SubscribeResponse>(
          process, kControlMachine, control_),
      subscriber);
  dataplane::LeaseKeeperOptions keeper;
  keeper.node_id = process.identity->node_id();
  keeper.incarnation = process.identity->incarnation();
  keeper.session = session;
  keeper.idle_release = swarm_.idle_release;
  keeper.idle_close = swarm_.idle_close;
  keeper.config_behind = [&process](const config::v1::Revision& newest) {
    return process.subscriber->status().revision <
           dataplane::ConfigRevision{newest.epoch(), newest.number()};
  };
  keeper.config_confirmed = [&process] { return process.subscriber->Confirmed(); };
  keeper.drawn_acknowledged = [&process](std::uint64_t number) {
    return process.shipper->DrawnAcknowledged(number);
  };
  process.keeper = std::make_unique<dataplane::LeaseKeeper>(
      *process.pool, process.executor, clock_, dice_,
      Links<LeasePipe, lease::v1::LeaseRequest, lease::v1::LeaseResponse>(process, kBillingMachine,
                                                                          billing_),
      keeper);
  dataplane::IncarnationLeases former;
  former.retired = [&process](std::uint64_t number) { return process.pool->Retired(number); };
  former.forget = [&process](std::uint64_t number) { process.pool->ForgetIncarnation(number); };
  dataplane::ShipperOptions shipper;
  shipper.session = session;
  shipper.look_interval = swarm_.look_interval;
  shipper.answer_timeout = absl::Seconds(10);
  process.shipper = std::make_unique<dataplane::Shipper>(
      *process.spool, *process.identity, std::move(former), process.executor, clock_, dice_,
      Links<UsagePipe, usage::v1::ReportUsageRequest, usage::v1::ReportUsageResponse>(
          process, kBillingMachine, billing_),
      shipper);
}

void SimNode::Upkeep(const std::shared_ptr<Life>& life) {
  if (!life->alive) return;
  process_->spool->Upkeep();
  if (life->alive) process_->spool->SyncPending();
  if (!life->alive) return;
  // Those of a later segment before those of the first, too.
  if (!damaged_runs_.empty() && process_->shipper->status().sequence_gap) {
    NoteLosses(damaged_runs_);
  }
  process_->executor.PostAfter(swarm_.upkeep_interval, [this, life] { Upkeep(life); });
}

void SimNode::PlanSync() {
  if (std::exchange(process_->sync_planned, true)) return;
  process_->executor.PostAfter(dice_.Between(absl::Microseconds(100), absl::Milliseconds(5)),
                               [this] {
                                 process_->sync_planned = false;
                                 process_->spool->SyncPending();
                               });
}

void SimNode::Stall(absl::Duration duration) {
  if (!running()) return;
  report_.Event(name_, "stopped for ", absl::FormatDuration(duration));
  process_->executor.Stall();
  network_.scheduler().After(duration, [weak = std::weak_ptr<Process>(process_)] {
    const std::shared_ptr<Process> process = weak.lock();
    if (process != nullptr && process->life->alive) process->executor.GoOn();
  });
}

// ---- Death --------------------------------------------------------------------------------------

void SimNode::Die(Death death) {
  if (!running()) return;
  report_.Event(name_, death == Death::kKill        ? "is killed"
                       : death == Death::kPowerLoss ? "loses power"
                                                    : "is lost with its disk");
  ++counts_.kills;
  process_->life->alive = false;
  process_->life->silent = death != Death::kKill;
  death_ = death;
  files_->Freeze();
  // Its own code may be running: it goes when that has returned.
  network_.scheduler().After(absl::ZeroDuration(),
                             [this, process = process_]() mutable { Bury(std::move(process)); });
}

void SimNode::TearLastAppend(const dataplane::Lane& lane, const dataplane::SpoolPosition& before) {
  const dataplane::SpoolPosition after = lane.position();
  const bool same = before.segment == after.segment;
  const std::size_t begin = same ? before.end : dataplane::kSegmentHeaderBytes;
  report_.Event(name_, "died in an append at ", begin, " of ", after.segment->path());
  if (after.end <= begin) return;
  // The first word is written last: without it there is no record; of the rest any part is there.
  const std::size_t bytes = after.end - begin;
  const std::size_t kept = std::max<std::size_t>(8, dice_.Index(bytes + 1));
  files_->Scribble(after.segment->path(), begin, std::string(8, '\0'));
  files_->Scribble(after.segment->path(), begin + kept, std::string(bytes - kept, '\0'));
}

bool SimNode::DiesHere() {
  if (good_ || !running() || !dice_.Chance(swarm_.crash_in_step)) return false;
  Die(Death::kKill);
  return true;
}

void SimNode::Bury(std::shared_ptr<Process> process) {
  for (auto& [id, request] : process->requests) request->Abandon();
  process->requests.clear();
  if (process_ == process) process_.reset();
  process.reset();
  switch (*death_) {
    case Death::kKill:
      break;
    case Death::kPowerLoss:
      if (swarm_.durability == dataplane::Durability::kProcess) NoteLosses(runs_);
      oracle_.LostFinals(runs_);
      damaged_runs_ = runs_;
      files_->LosePower();
      clock_.Reboot();
      ++boots_;
      break;
    case Death::kDiskLoss:
      NoteLosses(runs_);
      runs_.clear();
      damaged_runs_.clear();
      lost_disks_.push_back(std::move(files_));
      files_ = std::make_unique<SimFileSystem>(dice_);
      files_->sync_error_per_million = good_ ? 0 : swarm_.sync_error;
      clock_.Reboot();
      ++boots_;
      break;
  }
  StartLater();
}

void SimNode::NoteLosses(const std::set<RunKey>& runs) {
  for (const RunKey& run : runs) oracle_.MayLose(run);
}

void SimNode::StartLater() {
  if (std::exchange(stays_down_, false)) return;
  network_.scheduler().After(dice_.Between(absl::Milliseconds(20), absl::Seconds(3)),
                             [this] { Start(); });
}

// In the middle of a segment: at its end it could not be told from a torn record.
void SimNode::FlipABit() {
  const auto names = files_->ListDirectory(kSpoolFolder);
  if (!names.ok() || names->empty()) return;
  const std::string path = absl::StrCat(kSpoolFolder, "/", (*names)[dice_.Index(names->size())]);
  const std::string_view bytes = files_->Contents(path);
  // The end of the last record, by looking for the last word that is not zero.
  std::size_t end = bytes.size();
  while (end > 0 && bytes[end - 1] == '\0') --end;
  const std::size_t begin = dataplane::kSegmentHeaderBytes;
  if (end <= begin + kRecordBytesMax) return;
  const std::size_t offset = begin + dice_.Index(end - begin - kRecordBytesMax);
  report_.Event(name_, "a bit flips at ", offset, " of ", path);
  files_->FlipBit(path, offset, static_cast<int>(dice_.Index(8)));
  damaged_runs_ = runs_;
  NoteLosses(runs_);
}

// ---- Requests -----------------------------------------------------------------------------------

void SimNode::Request(std::size_t key, std::int64_t bound) {
  if (!running()) return;
  process_->executor.Run([this, key, bound] {
    ++counts_.requests;
    const std::uint64_t id = ++process_->last_request;
    auto request = std::make_unique<SimRequest>(*this, id, key, bound);
    SimRequest* raw = request.get();
    process_->requests.emplace(id, std::move(request));
    raw->Begin();
  });
}

void SimNode::Probe(std::size_t key, std::int64_t bound, std::function<void(bool)> told) {
  if (!running()) return told(false);
  const std::uint64_t id = ++process_->last_request;
  auto request = std::make_unique<SimRequest>(*this, id, key, bound);
  SimRequest* raw = request.get();
  process_->requests.emplace(id, std::move(request));
  raw->Probe(std::move(told));
}

void SimNode::Saw(const dataplane::ConfigRevision& revision) {
  if (revision < last_revision_) {
    report_.Violation("CONFIG", name_, " goes back from revision ", last_revision_.epoch, ".",
                      last_revision_.number, " to ", revision.epoch, ".", revision.number);
  }
  last_revision_ = revision;
}

// ---- The end ------------------------------------------------------------------------------------

void SimNode::BeGood() {
  good_ = true;
  files_->disk_full = false;
  files_->sync_error_per_million = 0;
  files_->CrashIn(0, nullptr);
  clock_.SetRight();
  if (!running()) return;
  process_->executor.GoOn();
  // What a failed sync leaves is for an operator to restart; so is a node that forgot the accounts
  // of a period which its clock took for over.
  if (process_->spool->status().sync_failed || clock_.was_fast()) Die(Death::kKill);
}

std::string SimNode::Unquiet() const {
  if (!running()) return absl::StrCat(name_, " is down");
  if (!process_->requests.empty()) {
    return absl::StrCat(name_, " has ", process_->requests.size(), " requests");
  }
  if (process_->holder.version() == 0) return absl::StrCat(name_, " has no configuration");
  if (process_->holder.Load()->digest() != control_.digest()) {
    return absl::StrCat(name_, " has an old configuration");
  }
  const std::string& node_id = process_->identity->node_id();
  const dataplane::ShipperStatus shipper = process_->shipper->status();
  const bool whole =
      process_->spool->status().recovery.corrupt_segments == 0 && !shipper.sequence_gap;
  for (const dataplane::Lane* lane : process_->spool->AllLanes()) {
    if (oracle_.MayHaveLost({node_id, lane->incarnation()})) continue;
    const std::uint64_t posted =
        billing_.books().lanes().Watermark({node_id, lane->incarnation(), lane->number()});
    if (posted < lane->last_sequence()) {
      return absl::StrCat(name_, " has not shipped all of ", lane->incarnation(), "/",
                          lane->number(), ": ", posted, " of ", lane->last_sequence());
    }
  }
  for (const dataplane::FormerIncarnation& former : process_->identity->former()) {
    // What is damaged stays for an operator; what came after it does not.
    if (!whole && oracle_.MayHaveLost({node_id, former.number})) continue;
    return absl::StrCat(name_, " has not closed ", former.number, "; ", shipper.waiting,
                        " records wait; ", shipper.error);
  }
  if (!process_->keeper->status().connected) return absl::StrCat(name_, " has no leases");
  return {};
}

}  // namespace tollgate::sim
