// What chat completions and responses spell almost alike: the choice of a tool, and the form of the
// answer.
// Source: https://platform.openai.com/docs/api-reference/chat/create, …/responses/create.
#ifndef TOLLGATE_DATAPLANE_SURFACE_OPENAI_OPTIONS_H_
#define TOLLGATE_DATAPLANE_SURFACE_OPENAI_OPTIONS_H_

#include <cstdint>
#include <string_view>

#include "dataplane/ir/request.h"
#include "dataplane/json/document.h"
#include "dataplane/surface/field_reader.h"

namespace tollgate::dataplane {

// Where the members of a thing of type `t` stand.
enum class OpenAiShape : std::uint8_t {
  kNested,  // Within a member `t`: {"type":"function","function":{"name":"f"}}, chat completions.
  kFlat,    // Beside the type: {"type":"function","name":"f"}, responses.
};

// "auto", "none" or "required"; false for another word.
bool ReadToolMode(std::string_view word, ir::ToolChoice& choice);

// Reads `tool_choice`: a mode, a named tool, or `allowed_tools`.  A tool that the provider runs is
// refused by name.
void ReadToolChoice(JsonValue value, OpenAiShape shape, FieldReader& fields, ir::Request& out);

// Reads the form of the answer; `path` is what it is called: "response_format", "text.format".
// Unknown members are Extras of `owner` under that path.  False, with nothing read, for a type that
// is none of text, json_object and json_schema.
bool ReadResponseFormat(JsonValue value, OpenAiShape shape, std::string_view path,
                        std::string_view owner, FieldReader& fields, ir::Request& out);

// The members of a schema's form, which stand in `value`; without a schema any JSON is wanted.
void ReadSchemaFormat(JsonValue value, FieldReader& fields, ir::ResponseFormat& format);

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_SURFACE_OPENAI_OPTIONS_H_
