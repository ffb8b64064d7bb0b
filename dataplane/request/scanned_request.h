// What one look at a request's body found: all that admission and routing need, and where the
// fields stand that the gateway may rewrite.  Filled by a surface, read by the pipeline and by the
// provider format that speaks the same JSON.
#ifndef TOLLGATE_DATAPLANE_REQUEST_SCANNED_REQUEST_H_
#define TOLLGATE_DATAPLANE_REQUEST_SCANNED_REQUEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "dataplane/limits.h"

namespace tollgate::dataplane {

// Tags that a request may have for reports, and characters that each may have.
inline constexpr std::size_t kTagsMax = 10;
inline constexpr std::size_t kTagCharactersMax = 64;

// A part of the body, by offsets.  Empty and absent are the same.
struct BodyRange {
  std::size_t begin = 0;
  std::size_t end = 0;

  bool present() const { return end > begin; }
};

// The client's wishes about providers; views into the body.
struct ProviderWishes {
  std::vector<std::string_view> order;
  std::vector<std::string_view> only;
  std::vector<std::string_view> ignore;
  bool allow_fallbacks = true;
};

// An id that stands in an item of the input: the item's own, or that of an item which it answers.
struct ScannedItemId {
  std::string_view text;  // As written, without quotes.
  BodyRange value;        // With its quotes.
  BodyRange member;       // With its name, and the comma that must go with it.
  std::size_t item = 0;   // The item's place in the input.
  bool own = true;        // The item's own.
  // What it names is not in the request, but at the provider alone.
  bool reference = false;
  // It is of a thought, of which formats other than the surface's have its summary or need none.
  bool thought = false;

  // What an attempt sends, once the pipeline knows: the text as it is, or, if this is set, what
  // follows in its place, or for an empty one the item without the member.
  bool rewritten = false;
  std::string_view sent;
};

// Views point into the body, or into `unescaped`.  Reused from request to request: Reset().
struct ScannedRequest {
  // What is used for policy and what is sent are read from the same bytes.
  std::string_view model;
  BodyRange model_value;  // With its quotes.
  std::vector<std::string_view> fallback_models;

  bool stream = false;
  // Whether the client asked for the usage chunk itself.
  bool include_usage = false;
  BodyRange stream_options_value;  // The whole value.
  bool stream_options_object = false;
  bool stream_options_empty = true;
  std::size_t stream_options_open = 0;  // Behind its brace.
  BodyRange include_usage_value;

  std::int64_t output_limit = -1;  // The lesser of both limits; -1 for none.
  BodyRange max_tokens_value;
  BodyRange max_completion_tokens_value;
  // Their names, with quotes, in a format that has two for one limit.
  BodyRange max_tokens_key;
  BodyRange max_completion_tokens_key;
  // Of a format whose limit stands in an object within the body: that object's place, behind its
  // brace; 0 = there is none.
  std::size_t limit_object_open = 0;
  bool limit_object_empty = true;
  std::int64_t choices = 1;

  // A parameter whose cost nothing bounds (searches, a dearer class of service); empty for none.
  std::string_view unbounded;
  // A parameter that stands for input which the provider keeps (an earlier response): only the
  // model's context bounds it.  Empty for none.
  std::string_view kept_input;
  // The earlier response that the request goes on with, as the caller names it, and its place with
  // quotes; and what the provider is to be told instead, once the pipeline knows whose it is.
  std::string_view kept_response;
  BodyRange kept_response_value;
  std::string_view kept_response_sent;
  // A parameter that names something else which a provider keeps for whoever holds the account: no
  // id of it is the gateway's.  Empty for none.
  std::string_view kept_reference;
  // Ids of items, in the order of the body.
  std::vector<ScannedItemId> item_ids;
  // Where answers may be kept: the caller did not forbid it.
  bool store = true;

  std::string_view user;
  // Whom reports are to name instead; empty = `user`.
  std::string_view reporting_user;
  // By what reports are to find the request; not checked yet (TakeReporting()).
  std::vector<std::string_view> tags;
  std::string_view quota_entity;  // On whose behalf the request is made, as the caller names it.
  std::int64_t messages = 0;
  std::int64_t tools = 0;
  std::int64_t images = 0;
  std::int64_t files = 0;

  ProviderWishes wishes;
  // Members that are the gateway's alone, with the comma that must go with them; ascending.
  std::vector<BodyRange> removed;
  // Signatures of other makers' models, with their quotes: what the provider must not see of a body
  // that passes through.
  std::vector<BodyRange> foreign_signatures;
  // A message has what only this gateway writes and no provider of the surface's own formats knows:
  // another maker's signature of a thought, say.  Such a body cannot pass through.
  bool foreign_parts = false;
  // Behind the brace of the body's object: where members can be added.
  std::size_t object_open = 0;

  // Texts that had escapes.  Reserved once, so that views into it stay valid.
  std::vector<std::string> unescaped;

  void Reset() {
    const auto keep = [](auto& list) {
      list.clear();
      return std::move(list);
    };
    auto fallbacks = keep(fallback_models);
    auto ranges = keep(removed);
    auto texts = keep(unescaped);
    auto words = keep(tags);
    auto ids = keep(item_ids);
    *this = ScannedRequest();
    fallback_models = std::move(fallbacks);
    removed = std::move(ranges);
    unescaped = std::move(texts);
    tags = std::move(words);
    item_ids = std::move(ids);
  }
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_SCANNED_REQUEST_H_
