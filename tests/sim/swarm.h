// What one seed is about: sizes, and which faults may happen how often.
//
// Swarm testing: a run with every fault at once rarely reaches deep states, so each seed enables a
// random half of them and draws their rates anew.
#ifndef TOLLGATE_TESTS_SIM_SWARM_H_
#define TOLLGATE_TESTS_SIM_SWARM_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"
#include "dataplane/meter/node_identity.h"
#include "tests/sim/dice.h"

namespace tollgate::sim {

// Rates "per million" are per occasion; intervals are means between occurrences, zero for never.
struct Swarm {
  // The world.
  int nodes = 2;
  int workspaces = 1;
  int keys = 2;               // Per workspace.
  std::uint32_t lanes = 1;    // Per node.
  absl::Duration length;      // Of the time with load and faults.
  absl::Duration think_time;  // Mean time between requests of one node.
  absl::Duration service_time_max;
  std::int64_t bound_max = 0;     // Largest bound of a request, nano-USD.
  std::int64_t wallet_first = 0;  // First top-up of a wallet.
  absl::Duration until_midnight;  // When a period ends; negative for "not in this run".
  absl::Duration lease_ttl;
  absl::Duration look_interval;
  absl::Duration upkeep_interval;
  std::int64_t segment_bytes = 0;
  dataplane::Durability durability = dataplane::Durability::kProcess;
  std::size_t padding_bytes = 0;  // Of some strings of a record, so that segments are soon full.
  std::int64_t extends = 0;       // Requests whose holds grow, per million.
  // Scopes that callers name.
  int entities = 1;  // Quota entities of a workspace.
  std::int64_t names_entity = 0;
  int runs = 1;  // Of a workspace.
  std::int64_t names_run = 0;
  std::int64_t run_cap = 0;
  // Budgets: how likely each is there, per million.
  std::int64_t budgets = 0;
  std::int64_t templates = 0;
  std::int64_t soft = 0;  // Of those that are there.
  // Leases that nobody uses, and accounts in billing's memory.
  absl::Duration idle_release;
  absl::Duration idle_close;
  absl::Duration account_idle;

  // The network.
  absl::Duration delay_min;
  absl::Duration delay_max;
  std::int64_t spike = 0;             // Messages that take up to a second longer, per million.
  std::int64_t lose = 0;              // Messages lost; their stream breaks later.
  std::int64_t duplicate = 0;         // Messages that come twice.
  std::int64_t reorder = 0;           // Messages that overtake.
  absl::Duration cut_interval;        // A stream breaks.
  absl::Duration partition_interval;  // Two machines cannot reach each other for a while.

  // The processes and machines.
  absl::Duration node_kill_interval;       // kill -9.
  absl::Duration node_power_interval;      // The machine loses power.
  absl::Duration node_disk_loss_interval;  // And its disk.
  std::int64_t crash_in_step = 0;          // Of a request, per million steps.
  absl::Duration crash_in_file_interval;   // In the middle of a call of the file system.
  absl::Duration stall_interval;           // SIGSTOP, then SIGCONT.
  absl::Duration billing_kill_interval;
  std::int64_t billing_crash_in_write = 0;  // Before or after it is durable.
  std::int64_t billing_write_error = 0;     // It may or may not be durable.
  absl::Duration control_kill_interval;
  std::int64_t control_from_backup = 0;  // Restarts from an old backup, per million restarts.

  // The disks.
  absl::Duration disk_full_interval;
  std::int64_t sync_error = 0;
  std::int64_t bit_flip = 0;  // In a middle record of a segment, per million restarts.
  bool torn_appends = false;  // A crash in an append leaves a part of the record.

  // The clocks.
  std::int64_t drift_ppm_max = 0;
  absl::Duration clock_jump_interval;

  // Administration.
  absl::Duration top_up_interval;
  absl::Duration credit_interval;  // Promotional credit, most of it for a short time.
  absl::Duration refund_interval;
  absl::Duration budget_change_interval;
  std::int64_t raise = 0;  // Changes of a budget that raise it for a time, per million.
  std::int64_t turn = 0;   // Those that make a hard one soft, or take one out of force, or back.
  absl::Duration key_change_interval;
  absl::Duration resolve_interval;  // Of leases that lost runs of living nodes left.
};

// Draws what a seed is about.
Swarm DrawSwarm(Dice& dice);

// One line about it, for reports.
std::string Describe(const Swarm& swarm);

}  // namespace tollgate::sim

#endif  // TOLLGATE_TESTS_SIM_SWARM_H_
