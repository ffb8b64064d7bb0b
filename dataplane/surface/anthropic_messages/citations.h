// Writes where an answer's text comes from as Anthropic's messages say it: a block of text is what
// its citations stand for.
// Source: https://docs.claude.com/en/docs/build-with-claude/citations.
#ifndef TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_CITATIONS_H_
#define TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_CITATIONS_H_

#include <cstddef>
#include <string_view>
#include <vector>

#include "dataplane/ir/part.h"
#include "dataplane/json/writer.h"

namespace tollgate::dataplane {

// Bytes [begin, end) of a text, which become a block of their own.
struct CitedBlock {
  std::size_t begin = 0;
  std::size_t end = 0;
  std::vector<const ir::Citation*> citations;
};

// The blocks that a text becomes, so that each citation stands beside the words that it is of;
// words of several citations that overlap are one block.  No block is but white space, unless the
// whole text is.  What has no place stands beside the last one.
std::vector<CitedBlock> SplitByCitations(std::string_view text,
                                         const std::vector<ir::Citation>& citations);

// Writes one of `citations`.  `with_place`: the block has more words than those that are meant, so
// that their place in it is said, in characters, in members of the gateway's own.
void WriteMessagesCitation(const ir::Citation& citation, bool with_place, JsonWriter& json);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_ANTHROPIC_MESSAGES_CITATIONS_H_
