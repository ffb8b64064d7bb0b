"""The fault cases, each with the test that injects it.

A case is shown by tests of three kinds: `pytest:FILE::TEST` on real programs, `ctest:NAME:FILTER`,
tests by name of one library, and `sim:NAME`, a test of ctest in which tollgate-sim runs seeds under
simulated time, disk and network. `catalogue_test.py` knows that each of them exists.
"""
from dataclasses import dataclass

KILLS = "pytest:tests/fault/kill_test.py"
STORY = "pytest:tests/fault/cap_story_test.py"
LOST = "pytest:tests/fault/lost_node_test.py"
DISK = "pytest:tests/fault/full_disk_test.py"
SPOOL = "pytest:tests/fault/spool_test.py"
LINK = "pytest:tests/fault/billing_link_test.py"
AGREEMENT = "pytest:tests/integration/agreement_test.py::test_agreement"
PROVIDER = "pytest:tests/integration/provider_faults_test.py"
DRAIN = "pytest:tests/fault/drain_test.py"
RECOVERY = "pytest:tests/fault/recovery_test.py"
PARTITION = "pytest:tests/integration/partition_test.py"
SIM = "sim:sim_test"


def unit(suite, *tests):
    """Tests of one library, by name."""
    return f"ctest:{suite}:{':'.join(tests)}"


PROTOCOL = unit("billing_books_test",
                "ProtocolSimulationTest.HoldsItsInvariantsUnderLossRepetitionAndCrashes")


@dataclass(frozen=True)
class Case:
    """One fault, what is done, and what must happen."""

    id: str
    letter: str  # P on programs, S simulated, U one library, Z random.
    inject: str
    expect: str
    figures: str
    shown_by: tuple


def case(identity, letter, figures, inject, expect, *shown_by):
    """A Case, written in the order in which people read."""
    return Case(identity, letter, inject, expect, figures, shown_by)


CASES = (
    case("M-01", "P", "F1 F2 F3", "kill -9 of a data plane under load",
         "every answered request is billed once, what was in flight once or never",
         f"{KILLS}::test_dataplane"),
    case("M-02", "P", "F2 F3", "kill -9 of billing under load",
         "nothing that was acknowledged is missing, nothing is there twice",
         f"{KILLS}::test_billing"),
    case("M-03", "S", "F2 F3", "power loss: what was not synced is gone, on either side",
         "as M-01 and M-02", SIM,
         unit("dataplane_meter_test", "SpoolTest.OnDiskAFinalIsShippedOnceItIsSynced",
              "SpoolTest.AfterAPowerLossAnUnsyncedRunGetsNoNewRecords")),
    case("M-04", "S", "F2", "a torn last record, at every byte of it",
         "cut off and counted; the rest is read", SIM,
         unit("dataplane_meter_test", "SegmentTest.ATornLastRecordIsCutAtEveryByte")),
    case("M-05", "S", "F2", "a flipped bit in a record of the middle",
         "found; the segment is kept, never billed wrongly", SIM,
         unit("dataplane_meter_test", "SegmentTest.ABitFlipInTheMiddleIsFoundAndNothingChanged",
              "SpoolTest.ACorruptSegmentIsKeptAndItsLaneNotClosed")),
    case("M-06", "S", "F3", "batches and acknowledgements lost, repeated, overtaken",
         "one posting each", SIM, PROTOCOL,
         f"{LINK}::test_slow_doubled_and_in_pieces"),
    case("M-07", "S", "F3", "a crash between posting and acknowledgement",
         "what is sent again is acknowledged and not applied", SIM, PROTOCOL,
         unit("billing_ingest_test", "LanesTest.OneNumberTellsNextRepeatedAndGap"),
         unit("dataplane_meter_test", "ShipperTest.ALostAcknowledgementDoublesNothing")),
    case("M-08", "U", "F3", "a known record with another amount",
         "kept in quarantine, counted, not applied",
         unit("billing_books_test", "BooksTest.TheSameIdWithOtherContentsIsQuarantined")),
    case("M-09", "P", "F1 F2", "the data plane's disk takes no more",
         "503 before anything is sent; goes on by itself when there is room",
         f"{DISK}::test_spool"),
    case("M-10", "S", "F2", "a sync that fails once, then always",
         "the segment is never trusted again", SIM,
         unit("dataplane_meter_test",
              "SpoolTest.DiskDurabilityWaitsForTheSyncAndNeverTrustsAFailedOne")),
    case("M-11", "P", "F1 F2", "billing's disk takes no more",
         "nothing is acknowledged, not ready; spools hold; a restart catches up",
         f"{DISK}::test_ledger"),
    case("M-12", "P", "F1 F6", "billing is away under load, and comes back",
         "nothing is refused while the leases last; the backlog drains beside the load",
         f"{RECOVERY}::test_billing_away", f"{RECOVERY}::test_backlog_is_not_a_stampede"),
    case("M-13", "P", "F2 F3", "clients leave in the middle of a stream",
         "billed once, for what was consumed", AGREEMENT),
    case("M-14", "P", "F2", "an answer without its usage", "counted, and marked so",
         f"{PROVIDER}::test_no_usable_usage_is_estimated_and_says_so"),
    case("M-15", "P", "F3", "usage that comes twice, or is negative",
         "charged once, by what can be true",
         f"{PROVIDER}::test_usage_twice_is_charged_once",
         f"{PROVIDER}::test_no_usable_usage_is_estimated_and_says_so"),
    case("M-16", "P", "F3", "several attempts, some of which had been worked on",
         "each has its record; the customer pays the one that served", AGREEMENT),
    case("M-17", "P", "F3", "a second data plane on a copy of the first one's folder",
         "refused: one identity, one process", f"{SPOOL}::test_copied_folder"),
    case("M-18", "P", "F2", "a segment of the spool is deleted by hand",
         "noticed, with how many records it had unless it was a run's last; nothing billed "
         "wrongly, later runs are billed",
         f"{RECOVERY}::test_deleted_segment", f"{RECOVERY}::test_deleted_last_segment",
         unit("dataplane_meter_test", "SpoolTest.TheLastSegmentThatWasBegunIsMissed"),
         unit("dataplane_meter_test", "ShipperTest.AMissingFirstSegmentIsAGapAndAnAlarm")),
    case("M-19", "U", "F3", "the wall clock jumps", "entries keep their order, periods theirs",
         unit("billing_ledger_test", "LedgerTest.TimesStrictlyIncreaseAlthoughTheClockJumps"),
         unit("base_test", "BudgetPeriodTest.StartIsWithinAndEndIsTheNextPeriod"),
         unit("billing_lease_test",
              "LeaseWantBudgetTest.OnlyACurrentPeriodOfAKnownHardBudgetIsLeased")),
    case("M-20", "U", "F4", "a price changes while a request runs",
         "the version at its start is charged",
         unit("dataplane_request_test",
              "PriceRuleTest.APriceThatChangesMeanwhileIsForTheNextRequest")),
    case("M-21", "Z", "F9", "random transfers against a small model of the ledger",
         "equal balances",
         unit("billing_ledger_test", "LedgerModelTest.ARandomJournalGivesTheModelsBalances"),
         unit("billing_books_test", "MoneyTest.RandomCommandsKeepEveryNanoDollar")),
    case("L-01", "P", "F4", "1,000 clients that try again, $5.00, three nodes, kill -9",
         "50 requests of $0.10, by the provider's books", f"{STORY}::test_flat_price"),
    case("L-02", "S", "F4 F5", "grants lost, late, repeated", "the cap holds", SIM, PROTOCOL),
    case("L-03", "S", "F4", "a grant after the end of its lease, or for another life of its node",
         "ignored", SIM,
         unit("dataplane_budget_test", "LeasePoolTest.AGrantCountsOnceAndNeverBackwards",
              "LeaseKeeperTest.AnAnswerToAnotherQuestionMovesNoDeadlineButItsMoneyCounts"),
         unit("billing_lease_test",
              "LeaseWantTest.WhatIsReleasedCanBeGrantedAgainAndOldMessagesChangeNothing",
              "LeaseWantBudgetTest.AWantThatComesAfterALaterOneBeginsNoLease")),
    case("L-04", "P", "F4", "a node with unreported usage is cut off for longer than its leases",
         "its money is not given to others; what comes late fits", f"{LINK}::test_partition"),
    case("L-05", "P", "F4", "SIGSTOP of a data plane for ten times its lease",
         "nothing new on the old lease", f"{LINK}::test_stopped_node"),
    case("L-06", "S", "F4", "clocks that drift and jump", "the cap does not depend on them", SIM),
    case("L-07", "P", "F4 F5", "a node dies, with its disk and without",
         "nothing stranded; exactly its leases, freed by one command",
         f"{LOST}::test_disk_kept", f"{LOST}::test_disk_destroyed"),
    case("L-08", "P", "F4", "answers of billing are lost after it wrote them",
         "asked again, it grants the same lease", f"{LINK}::test_lost_answers"),
    case("L-09", "S", "F4 F6", "a cap below what is spent and held", "no more grants", SIM,
         unit("billing_lease_test", "LeaseWantBudgetTest.ALoweredCapStopsRenewalAndRecalls"),
         unit("dataplane_budget_test", "LeaseKeeperTest.ALoweredCapStopsNewHoldsAtOnce"),
         "pytest:tests/fault/stability_test.py::test_time_ends_a_lease_too"),
    case("L-10", "S", "F4", "caps on several scopes at once", "all of them hold", SIM, PROTOCOL),
    case("L-11", "U", "F4", "a request whose cost has no bound, on a capped key",
         "refused, nothing is sent",
         unit("dataplane_request_test",
              "HeldStreamTest.WhatNothingBoundsIsRefusedAndNothingIsSent")),
    case("L-12", "P", "F4", "a provider that ignores the output limit",
         "the customer never pays more than there is",
         f"{PROVIDER}::test_a_provider_that_ignores_the_limit_does_not_overdraw_the_wallet"),
    case("L-13", "P", "F4", "a provider that reports more than was held",
         "the rest is the operator's, on account overrun",
         f"{PROVIDER}::test_a_provider_that_ignores_the_limit_does_not_overdraw_the_wallet",
         unit("billing_books_test", "BooksTest.AChargeBeyondTheLeaseIsTheOperatorsOverrun",
              "BooksTest.TheWalletPaysWhatItsHoldSaysAndTheRestIsOverrun"),
         unit("dataplane_budget_test",
              "LeasePoolTest.AChargeAboveTheHoldDrawsTheHoldAndNoMore")),
    case("L-14", "S", "F4", "a period ends under load", "two accounts, no request on both", SIM,
         unit("dataplane_budget_test", "AccountResolverTest.APeriodIsAnAccountOfItsOwn",
              "LeasePoolTest.AnEndedPeriodIsForgottenOnceEmptyAndNeverOpenedAgain")),
    case("L-15", "P", "F5", "a budget that is almost spent",
         "spendable to the last request; less than one bound is left",
         f"{STORY}::test_token_price",
         "pytest:tests/fault/hard_cap_test.py::test_one_dollar_on_two_nodes"),
    case("L-16", "P", "F1", "billing away, the lease used up", "refused, saying why",
         "pytest:tests/fault/stability_test.py::test_static_stability"),
    case("L-17", "U", "F5", "many budgets on one node",
         "memory is bounded; idle leases are closed on both sides",
         unit("dataplane_budget_test", "ManyAccountsTest.AreBoundedInMemoryAndCostARequestNothing",
              "LeaseKeeperTest.AnAccountThatWasIdleForLongIsForgottenOnBothSides"),
         unit("billing_lease_test",
              "LeaseAccountsTest.IdleAccountsLeaveMemoryAndAreFoundAgain")),
    case("P-01", "P", "F1 F2", "SIGTERM under streams, some longer than the drain",
         "those that end in time end whole, the rest with an error event; all is settled",
         f"{DRAIN}::test_dataplane", f"{DRAIN}::test_standalone",
         f"{DRAIN}::test_longer_than_the_drain"),
    case("P-03", "P", "F1 F2 F3", "whichever program is killed, one after the other",
         "as M-01 and M-02", f"{KILLS}::test_any_program", f"{KILLS}::test_everything_at_once"),
    case("P-06", "P", "F2 F3", "kill -9 twice while a program recovers",
         "recovery begins anew; as M-01 and M-02", f"{RECOVERY}::test_killed_while_it_recovers"),
    case("P-08", "P", "F2 F3", "a copy of billing's folder under load takes its place",
         "the copy passes the audit; the spools send the rest; balances are equal",
         f"{RECOVERY}::test_restored"),
    case("C-10", "P", "F6", "a key is revoked: its node connected, then cut off",
         "refused within 100 ms (99th percentile); within the time of its leases",
         "pytest:tests/fault/revocation_test.py::test_revocation",
         f"{PARTITION}::test_a_key_revoked_behind_a_nodes_back_ends_with_its_leases",
         f"{PARTITION}::test_a_revoked_key_on_the_customers_own_credential_ends_too"),
    case("P-07", "P", "F6", "what a node and the control plane send each other is lost in silence",
         "the node knows within seconds, and is connected again soon after it is healed",
         f"{PARTITION}::test_a_node_knows_soon_that_it_is_cut_off_and_finds_back"),
    case("F8", "S", "F8", "eleven seeded bugs in leases, metering and ingestion",
         "each breaks its invariant", "sim:sim_seeded_bugs_test"),
)
