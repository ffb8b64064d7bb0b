#include "tests/sim/swarm.h"

#include "absl/strings/str_cat.h"

namespace tollgate::sim {
namespace {

constexpr std::int64_t kHalf = 500'000;

absl::Duration Seconds(Dice& dice, std::int64_t lowest, std::int64_t highest) {
  return dice.Between(absl::Seconds(lowest), absl::Seconds(highest));
}

void DrawWorld(Dice& dice, Swarm& swarm) {
  swarm.nodes = static_cast<int>(dice.Between(1, 3));
  swarm.workspaces = static_cast<int>(dice.Between(1, 2));
  swarm.keys = static_cast<int>(dice.Between(1, 2));
  swarm.lanes = static_cast<std::uint32_t>(dice.Between(1, 2));
  swarm.length = Seconds(dice, 10, 40);
  swarm.think_time = dice.Between(absl::Milliseconds(50), absl::Milliseconds(600));
  swarm.service_time_max = dice.Chance(kHalf) ? absl::Milliseconds(200) : absl::Seconds(4);
  swarm.bound_max = dice.Between(10, 1'000'000'000);
  // From a few requests, so that caps bind, to plenty.
  const std::int64_t requests = dice.Chance(700'000) ? dice.Between(2, 30) : dice.Between(50, 500);
  swarm.wallet_first = swarm.bound_max * requests;
  swarm.until_midnight = dice.Chance(kHalf) ? Seconds(dice, 2, 30) : -absl::Seconds(1);
  swarm.lease_ttl = Seconds(dice, 2, 30);
  swarm.look_interval = absl::Milliseconds(dice.Between(20, 150));
  swarm.upkeep_interval = absl::Milliseconds(dice.Between(50, 300));
  swarm.segment_bytes = dice.Chance(kHalf) ? 64 * 1024 : 128 * 1024;
  if (dice.Chance(400'000)) swarm.padding_bytes = 250;
  swarm.durability =
      dice.Chance(kHalf) ? dataplane::Durability::kDisk : dataplane::Durability::kProcess;
  swarm.extends = dice.Chance(kHalf) ? dice.Between(0, 800'000) : 0;
}

void DrawScopes(Dice& dice, Swarm& swarm) {
  swarm.budgets = dice.Between(0, 900'000);
  swarm.templates = dice.Chance(kHalf) ? dice.Between(0, 900'000) : 0;
  swarm.soft = dice.Chance(kHalf) ? 150'000 : 0;
  swarm.entities = static_cast<int>(dice.Between(1, 4));
  if (dice.Chance(kHalf)) swarm.names_entity = dice.Between(0, 800'000);
  swarm.runs = static_cast<int>(dice.Between(1, 4));
  if (dice.Chance(kHalf)) swarm.names_run = dice.Between(0, 800'000);
  swarm.run_cap = swarm.bound_max * dice.Between(1, 20);
  swarm.idle_release = Seconds(dice, 1, 8);
  swarm.idle_close = dice.Chance(kHalf) ? Seconds(dice, 1, 20) : absl::Minutes(5);
  swarm.account_idle = dice.Chance(kHalf) ? Seconds(dice, 1, 20) : absl::Hours(1);
}

void DrawNetwork(Dice& dice, Swarm& swarm) {
  swarm.delay_min = dice.Between(absl::Microseconds(50), absl::Milliseconds(1));
  swarm.delay_max =
      swarm.delay_min + (dice.Chance(700'000) ? absl::Milliseconds(2) : absl::Milliseconds(80));
  if (dice.Chance(kHalf)) swarm.spike = dice.Between(0, 20'000);
  if (dice.Chance(kHalf)) swarm.lose = dice.Between(0, 30'000);
  if (dice.Chance(kHalf)) swarm.duplicate = dice.Between(0, 50'000);
  if (dice.Chance(kHalf)) swarm.reorder = dice.Between(0, 50'000);
  if (dice.Chance(kHalf)) swarm.cut_interval = Seconds(dice, 2, 20);
  if (dice.Chance(kHalf)) swarm.partition_interval = Seconds(dice, 5, 30);
}

void DrawProcesses(Dice& dice, Swarm& swarm) {
  if (dice.Chance(kHalf)) swarm.node_kill_interval = Seconds(dice, 3, 30);
  if (dice.Chance(kHalf)) swarm.node_power_interval = Seconds(dice, 8, 40);
  if (dice.Chance(150'000)) swarm.node_disk_loss_interval = Seconds(dice, 15, 60);
  if (dice.Chance(kHalf)) swarm.crash_in_step = dice.Between(0, 5'000);
  if (dice.Chance(kHalf)) swarm.crash_in_file_interval = Seconds(dice, 5, 30);
  if (dice.Chance(300'000)) swarm.stall_interval = Seconds(dice, 8, 40);
  if (dice.Chance(kHalf)) swarm.billing_kill_interval = Seconds(dice, 4, 30);
  if (dice.Chance(kHalf)) swarm.billing_crash_in_write = dice.Between(0, 15'000);
  if (dice.Chance(300'000)) swarm.billing_write_error = dice.Between(0, 5'000);
  if (dice.Chance(300'000)) swarm.control_kill_interval = Seconds(dice, 4, 30);
  if (dice.Chance(kHalf)) swarm.control_from_backup = 200'000;
}

void DrawRest(Dice& dice, Swarm& swarm) {
  if (dice.Chance(200'000)) swarm.disk_full_interval = Seconds(dice, 5, 30);
  if (dice.Chance(150'000)) swarm.sync_error = dice.Between(0, 5'000);
  if (dice.Chance(150'000)) swarm.bit_flip = 200'000;
  swarm.torn_appends = dice.Chance(kHalf);
  if (dice.Chance(kHalf)) swarm.drift_ppm_max = dice.Between(0, 18'000);
  if (dice.Chance(kHalf)) swarm.clock_jump_interval = Seconds(dice, 5, 30);
  if (dice.Chance(600'000)) swarm.top_up_interval = Seconds(dice, 3, 20);
  if (dice.Chance(300'000)) swarm.credit_interval = Seconds(dice, 3, 20);
  if (dice.Chance(300'000)) swarm.refund_interval = Seconds(dice, 2, 20);
  if (dice.Chance(600'000)) swarm.budget_change_interval = Seconds(dice, 3, 20);
  if (dice.Chance(kHalf)) swarm.raise = dice.Between(0, 600'000);
  if (dice.Chance(300'000)) swarm.turn = dice.Between(0, 300'000);
  if (dice.Chance(300'000)) swarm.key_change_interval = Seconds(dice, 5, 20);
  if (dice.Chance(kHalf)) swarm.resolve_interval = Seconds(dice, 1, 10);
}

}  // namespace

Swarm DrawSwarm(Dice& dice) {
  Swarm swarm;
  DrawWorld(dice, swarm);
  DrawScopes(dice, swarm);
  DrawNetwork(dice, swarm);
  DrawProcesses(dice, swarm);
  DrawRest(dice, swarm);
  return swarm;
}

std::string Describe(const Swarm& swarm) {
  std::string text = absl::StrCat(
      swarm.nodes, " nodes, ", swarm.workspaces, "x", swarm.keys, " keys, ", swarm.lanes,
      " lanes, durability ", swarm.durability == dataplane::Durability::kDisk ? "disk" : "process",
      ", ttl ", absl::FormatDuration(swarm.lease_ttl));
  const auto rate = [&text](const char* name, std::int64_t per_million) {
    if (per_million > 0) absl::StrAppend(&text, ", ", name, " ", per_million, " ppm");
  };
  const auto every = [&text](const char* name, absl::Duration interval) {
    if (interval > absl::ZeroDuration()) {
      absl::StrAppend(&text, ", ", name, " every ", absl::ToInt64Seconds(interval), " s");
    }
  };
  if (swarm.padding_bytes > 0) absl::StrAppend(&text, ", large records");
  rate("holds that grow", swarm.extends);
  rate("quota entities", swarm.names_entity);
  rate("runs", swarm.names_run);
  rate("templates", swarm.templates);
  absl::StrAppend(&text, ", idle leases end after ", absl::FormatDuration(swarm.idle_close));
  rate("lose", swarm.lose);
  rate("duplicate", swarm.duplicate);
  rate("reorder", swarm.reorder);
  rate("spike", swarm.spike);
  every("cut", swarm.cut_interval);
  every("partition", swarm.partition_interval);
  every("node kill", swarm.node_kill_interval);
  every("node power loss", swarm.node_power_interval);
  every("node disk loss", swarm.node_disk_loss_interval);
  rate("crash in a step", swarm.crash_in_step);
  every("crash in a file call", swarm.crash_in_file_interval);
  every("stall", swarm.stall_interval);
  every("billing kill", swarm.billing_kill_interval);
  rate("billing crash in a write", swarm.billing_crash_in_write);
  rate("billing write error", swarm.billing_write_error);
  every("control kill", swarm.control_kill_interval);
  every("disk full", swarm.disk_full_interval);
  rate("sync error", swarm.sync_error);
  rate("bit flip", swarm.bit_flip);
  rate("drift up to", swarm.drift_ppm_max);
  every("clock jump", swarm.clock_jump_interval);
  every("top-up", swarm.top_up_interval);
  every("credit", swarm.credit_interval);
  every("refund", swarm.refund_interval);
  every("budget change", swarm.budget_change_interval);
  every("key change", swarm.key_change_interval);
  every("resolution", swarm.resolve_interval);
  return text;
}

}  // namespace tollgate::sim
