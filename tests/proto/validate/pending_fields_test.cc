#include "proto/validate/pending_fields.h"

#include "gtest/gtest.h"
#include "tollgate/admin/v1/budget_service.pb.h"
#include "tollgate/admin/v1/key_service.pb.h"
#include "tollgate/admin/v1/workspace_service.pb.h"

namespace tollgate {
namespace {

TEST(PendingFieldsTest, AreFoundWhereverTheyStand) {
  admin::v1::CreateBudgetRequest request;
  request.mutable_budget()->set_limit_nano_usd(5);
  EXPECT_EQ(FindPendingField(request), "");
  request.mutable_budget()->add_raises();
  EXPECT_EQ(FindPendingField(request), "raises");
  admin::v1::Key key;
  key.mutable_limits()->set_requests_per_minute(5);
  EXPECT_EQ(FindPendingField(key), "limits");
}

// A field that was renamed or came into force must leave the list.
TEST(PendingFieldsTest, TheListNamesFieldsThatThereAre) {
  int found = 0;
  for (const auto* type : {admin::v1::Budget::descriptor(), admin::v1::Key::descriptor(),
                           admin::v1::Workspace::descriptor()}) {
    for (int i = 0; i < type->field_count(); ++i) found += IsPendingField(*type->field(i));
  }
  EXPECT_EQ(found, 10);
}

}  // namespace
}  // namespace tollgate
