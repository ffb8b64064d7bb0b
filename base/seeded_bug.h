// Bugs put in on purpose, to test the tests: a harness that does not find them proves nothing
// (tests/sim/README.md).
//
//   if (TG_SEEDED_BUG(kNoDedupe)) return Arrival::kNext;
//
// Only files that are compiled with TOLLGATE_SEEDED_BUGS have the sites, and then the bug that is
// switched on acts; everywhere else the condition is the constant false.  No release can be built
// with them.
#ifndef TOLLGATE_BASE_SEEDED_BUG_H_
#define TOLLGATE_BASE_SEEDED_BUG_H_

#ifdef TOLLGATE_SEEDED_BUGS

#ifdef NDEBUG
#error "a release must not have seeded bugs"
#endif

namespace tollgate {

// The variants of reliability.md §3.2 and §3.3.
enum class SeededBug {
  kNone,
  kReclaimByTime,
  kCloseBeforeAck,
  kLateGrant,
  kNoDedupe,
  kRestartReleases,
  kUnderReserve,
  kNoIntent,
  kAdoptWithoutIntent,
  kAckBeforeSync,
  kDedupeApart,
  kSpoolUnsynced,
};

// Which one acts; set before threads start.
inline SeededBug seeded_bug = SeededBug::kNone;

}  // namespace tollgate

#define TG_SEEDED_BUG(name) (::tollgate::seeded_bug == ::tollgate::SeededBug::name)

#else

#define TG_SEEDED_BUG(name) (false)

#endif

#endif  // TOLLGATE_BASE_SEEDED_BUG_H_
