// Every parser of the translation core as a function of any bytes: for libFuzzer (fuzz_main.cc),
// and for the tests, which replay the corpus and broken variants of it.
#ifndef TOLLGATE_TESTS_DATAPLANE_TRANSLATE_FUZZ_TARGETS_H_
#define TOLLGATE_TESTS_DATAPLANE_TRANSLATE_FUZZ_TARGETS_H_

#include <span>
#include <string_view>

namespace tollgate::dataplane {

struct FuzzTarget {
  std::string_view name;
  // Must return, whatever the bytes are.
  void (*run)(std::string_view bytes);
};

// "json", "request", "passed", "answer", "facts", "stream", "error".
std::span<const FuzzTarget> FuzzTargets();

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_TRANSLATE_FUZZ_TARGETS_H_
