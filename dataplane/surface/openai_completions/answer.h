// Writes translated answers and streams as completions of text.
// Source: https://platform.openai.com/docs/api-reference/completions/object.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_COMPLETIONS_ANSWER_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_COMPLETIONS_ANSWER_H_

#include <memory>
#include <string>

#include "dataplane/ir/response.h"
#include "dataplane/surface/answer.h"
#include "dataplane/surface/surface.h"

namespace tollgate::dataplane {

// Thoughts have no place in it; a refusal is its text.
void WriteCompletionsAnswer(const ir::Response& response, const AnswerContext& context,
                            const AnswerCost& cost, std::string& out);

std::unique_ptr<StreamWriter> NewCompletionsStreamWriter(const AnswerContext& context);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_COMPLETIONS_ANSWER_H_
