// The items of answers that the fake provider keeps, in OpenAI's responses: each is there for the
// account that made it alone, and may be named by its id instead of being sent.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_ITEM_BOOK_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_ITEM_BOOK_H_

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <map>
#include <string>

#include "absl/status/status.h"

namespace tollgate::wire {

// Not thread-safe.
class ItemBook {
 public:
  // Keeps those of the items that have an id.
  void Keep(const std::string& key, const boost::json::array& items);

  // Forgets the items of an answer: `response_id` is a part of their ids.
  void Forget(const std::string& response_id);

  // Puts what is kept in the place of items that name it: references, and thoughts that are neither
  // encrypted nor said in full.  NotFound for one that this account does not keep.
  absl::Status Resolve(const std::string& key, boost::json::array& input) const;

 private:
  struct Kept {
    std::string key;
    boost::json::object item;
  };
  std::map<std::string, Kept> items_;
};

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_ITEM_BOOK_H_
