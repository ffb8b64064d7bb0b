#include "controlplane/store/config_store.h"

#include "base/check.h"

namespace tollgate::controlplane {

std::string_view TableName(Table table) {
  switch (table) {
    case Table::kMeta:
      return "meta";
    case Table::kResources:
      return "resources";
    case Table::kMemos:
      return "memos";
    case Table::kAudit:
      return "audit";
    case Table::kRevisions:
      return "revisions";
    case Table::kFacts:
      return "facts";
  }
  CHECK(false) << "no such table: " << static_cast<int>(table);
  return "";
}

}  // namespace tollgate::controlplane
