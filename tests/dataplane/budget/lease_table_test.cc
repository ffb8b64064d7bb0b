#include "dataplane/budget/lease_table.h"

#include <fstream>
#include <string>

#include "tests/support/status_matchers.h"
#include "tests/support/temp_dir.h"

namespace tollgate::dataplane {
namespace {

std::unique_ptr<LeaseTable> Open(const std::string& path, std::string_view boot,
                                 std::size_t slots = 4) {
  auto table = LeaseTable::Open(RealFileSystem(), path, slots, boot);
  EXPECT_OK(table);
  return *std::move(table);
}

// Of this process, mapped files included (proc(5), statm, in pages of 4 KiB).
std::size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t whole = 0;
  std::size_t resident = 0;
  statm >> whole >> resident;
  return resident * 4096;
}

TEST(LeaseTableTest, WhatIsNotUsedIsNotMemory) {
  constexpr std::size_t kSlots = 400'000;
  TempDir dir;
  const std::size_t before = ResidentBytes();
  auto table = Open(dir.File("leases"), "boot", kSlots);
  ASSERT_TRUE(table->Allocate("wallet/ws_1", 1).has_value());
  EXPECT_LT(ResidentBytes() - before, kSlots * sizeof(LeaseSlot) / 4) << "made anew";
  table.reset();
  const std::size_t again = ResidentBytes();
  table = Open(dir.File("leases"), "boot", kSlots);
  EXPECT_EQ(table->used(), 1u);
  EXPECT_LT(ResidentBytes() - again, kSlots * sizeof(LeaseSlot) / 4) << "found";
}

TEST(LeaseTableTest, SurvivesAProcess) {
  TempDir dir;
  {
    auto table = Open(dir.File("leases"), "boot");
    const auto slot = table->Allocate("wallet/ws_1", 3);
    ASSERT_TRUE(slot.has_value());
    table->slot(*slot).granted = 100;
    table->slot(*slot).remaining = 60;
  }
  auto table = Open(dir.File("leases"), "boot");
  EXPECT_EQ(table->used(), 1u);
  EXPECT_FALSE(table->had_stale_content());
  EXPECT_EQ(table->slot(0).account_name(), "wallet/ws_1");
  EXPECT_EQ(table->slot(0).incarnation, 3u);
  EXPECT_EQ(table->slot(0).remaining, 60);
}

TEST(LeaseTableTest, IsEmptiedByAnotherBootAndByADamagedHeader) {
  TempDir dir;
  ASSERT_TRUE(Open(dir.File("leases"), "boot")->Allocate("wallet/ws_1", 1).has_value());
  auto rebooted = Open(dir.File("leases"), "other boot");
  EXPECT_EQ(rebooted->used(), 0u);
  EXPECT_TRUE(rebooted->had_stale_content());
  ASSERT_TRUE(rebooted->Allocate("wallet/ws_1", 2).has_value());
  rebooted.reset();
  std::string bytes = *RealFileSystem().ReadFile(dir.File("leases"));
  bytes[9] ^= 1;
  ASSERT_OK(RealFileSystem().WriteFileAtomically(dir.File("leases"), bytes, kModePrivate));
  EXPECT_EQ(Open(dir.File("leases"), "other boot")->used(), 0u);
}

TEST(LeaseTableTest, HasAnEnd) {
  TempDir dir;
  auto table = Open(dir.File("leases"), "boot", 2);
  EXPECT_FALSE(table->Allocate(std::string(kAccountNameBytesMax + 1, 'x'), 1).has_value());
  EXPECT_FALSE(table->Allocate("", 1).has_value());
  const auto a = table->Allocate("a", 1);
  ASSERT_TRUE(table->Allocate(std::string(kAccountNameBytesMax, 'x'), 1).has_value());
  EXPECT_FALSE(table->Allocate("c", 1).has_value());
  table->Free(*a);
  EXPECT_EQ(table->Allocate("c", 1), a);
}

TEST(BootIdTest, IsStable) {
  EXPECT_FALSE(BootId().empty());
  EXPECT_EQ(BootId(), BootId());
}

}  // namespace
}  // namespace tollgate::dataplane
