#include "tests/support/fake_provider/wire/item_book.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "base/string_views.h"
#include "tests/support/fake_provider/wire/fields.h"

namespace tollgate::wire {
namespace {

namespace json = boost::json;

// Whether an item stands for what is kept under its id.
bool IsReference(const json::object& item) {
  const std::string type = StringField(item, "type");
  if (type == "item_reference") return true;
  if (type.empty()) return !item.contains("role");
  if (type != "reasoning" || !StringField(item, "encrypted_content").empty()) return false;
  const json::array* content = ArrayField(item, "content");
  return content == nullptr || content->empty();
}

}  // namespace

void ItemBook::Keep(const std::string& key, const json::array& items) {
  for (const json::value& item : items) {
    const std::string id = item.is_object() ? StringField(item.get_object(), "id") : "";
    if (!id.empty()) items_.insert_or_assign(id, Kept{key, item.get_object()});
  }
}

void ItemBook::Forget(const std::string& response_id) {
  const std::string mark = absl::StrCat("_", response_id, "_");
  for (auto it = items_.begin(); it != items_.end();) {
    it = absl::StrContains(it->first, mark) ? items_.erase(it) : std::next(it);
  }
}

absl::Status ItemBook::Resolve(const std::string& key, json::array& input) const {
  for (json::value& value : input) {
    const json::object* item = value.if_object();
    if (item == nullptr || !IsReference(*item)) continue;
    const std::string id = StringField(*item, "id");
    const auto kept = items_.find(id);
    if (kept == items_.end() || kept->second.key != key) {
      return absl::NotFoundError(
          absl::StrCat("Item with id '", id,
                       "' not found. Items are not persisted when `store` is "
                       "set to false. Try again with `store` set to true, or remove this item from "
                       "your input."));
    }
    value = kept->second.item;
  }
  return absl::OkStatus();
}

}  // namespace tollgate::wire
