// Reads the resource of a key from its wire form, without message objects: keys come by the million
// when a node starts, and all else by the thousand.
#ifndef TOLLGATE_DATAPLANE_SNAPSHOT_KEY_READER_H_
#define TOLLGATE_DATAPLANE_SNAPSHOT_KEY_READER_H_

#include <string_view>

#include "dataplane/snapshot/key_table.h"

namespace tollgate::dataplane {

// A key's resource.  The texts are views on the bytes that it was read from.
struct WireKey {
  std::string_view resource_key;  // "key/key_7f3…".
  std::string_view workspace_id;
  KeyFacts facts;  // All but `workspace`.
};

// Whether `bytes` are a serialized config.v1.Resource with a key that is plain: fields in the order
// in which protobuf writes them, none twice, none unknown, and nothing in it that
// ValidateResource() would refuse for the data plane.  Then it is in `key`, whose memory is used
// again.  False says nothing against the bytes: parse and validate the message.
bool ReadPlainKey(std::string_view bytes, WireKey& key);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SNAPSHOT_KEY_READER_H_
