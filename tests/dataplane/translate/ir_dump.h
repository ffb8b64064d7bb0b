// The internal representation as text, every field that is set on a line of its own: two dumps are
// equal when the same was understood.
#ifndef TOLLGATE_TESTS_DATAPLANE_TRANSLATE_IR_DUMP_H_
#define TOLLGATE_TESTS_DATAPLANE_TRANSLATE_IR_DUMP_H_

#include <string>

#include "dataplane/ir/event.h"
#include "dataplane/ir/request.h"
#include "dataplane/ir/response.h"

namespace tollgate::dataplane {

std::string Dump(const ir::Request& request);
// Without the provider's ids of the answer.
std::string Dump(const ir::Response& response);
std::string Dump(const ir::Usage& usage);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_TESTS_DATAPLANE_TRANSLATE_IR_DUMP_H_
