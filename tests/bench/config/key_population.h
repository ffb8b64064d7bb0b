// A configuration of many keys, as the control plane publishes it.
#ifndef TOLLGATE_TESTS_BENCH_CONFIG_KEY_POPULATION_H_
#define TOLLGATE_TESTS_BENCH_CONFIG_KEY_POPULATION_H_

#include <cstddef>
#include <string>

#include "base/api_key.h"
#include "tollgate/config/v1/config.pb.h"

namespace tollgate::bench {

inline constexpr std::size_t kKeysPerWorkspace = 100;

// The peppers of the population.
const Peppers& BenchPeppers();

// What the application sends for the key; has the form of a key.
std::string KeyText(std::size_t number);

// Keys are in workspaces of kKeysPerWorkspace; every tenth is restricted to two models, and every
// tenth has an expiry.
config::v1::Resource KeyOf(std::size_t number, bool revoked);
config::v1::Resource WorkspaceOf(std::size_t number);

}  // namespace tollgate::bench

#endif  // TOLLGATE_TESTS_BENCH_CONFIG_KEY_POPULATION_H_
