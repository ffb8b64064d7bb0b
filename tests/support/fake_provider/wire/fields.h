// Strict reading of JSON, as the real interfaces do it: what they do not know is an error.
//
//   TG_RETURN_IF_ERROR(CheckFields(body, "", "model:s! messages:a! temperature:fn stream:bn"));
//
// A field is NAME:TYPES, with '!' for one that must be there.  Types: s string, i integer, f
// number, b boolean, o object, a array, n null, * anything.
#ifndef TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_FIELDS_H_
#define TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_FIELDS_H_

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/support/fake_provider/wire/ask.h"

namespace tollgate::wire {

// InvalidArgument names the first field that is unknown, missing or of another type.
absl::Status CheckFields(const boost::json::object& object, const std::string& path,
                         std::string_view fields);

// The field, or nothing of that type.
std::string StringField(const boost::json::object& object, std::string_view key);
bool BoolField(const boost::json::object& object, std::string_view key, bool fallback);
std::optional<std::int64_t> IntField(const boost::json::object& object, std::string_view key);
const boost::json::object* ObjectField(const boost::json::object& object, std::string_view key);
const boost::json::array* ArrayField(const boost::json::object& object, std::string_view key);

// The items of an array, each of which must be an object.
absl::StatusOr<std::vector<const boost::json::object*>> Objects(const boost::json::object& object,
                                                                std::string_view key,
                                                                const std::string& path);

std::string Serialize(const boost::json::value& value);

// An attachment from base64, standard or for URLs.  InvalidArgument when it is not.
absl::StatusOr<Attachment> DecodeAttachment(std::string kind, std::string media_type,
                                            std::string_view base64, const std::string& path);

// An attachment from "data:TYPE;base64,…" or any other URL.
absl::StatusOr<Attachment> AttachmentOfUrl(std::string kind, const std::string& url,
                                           const std::string& path);

}  // namespace tollgate::wire

#endif  // TOLLGATE_TESTS_SUPPORT_FAKE_PROVIDER_WIRE_FIELDS_H_
