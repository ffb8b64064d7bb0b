// How far the hold of one stream reaches, and what a next event would need: the rule by which a
// stream grows its hold, ahead of what it may already owe, or is ended.  A pure machine; the money
// moves in extend_hold.cc.
//
// A stream is held in one of two ways.
//
//   Whole      Everything that the provider may write is held: its limit was sent along.  Only a
//              provider that ignores the limit can go beyond; it is cut off when it surely did.
//   In chunks  The caller stated no limit, and what the model may write at most is far more than
//              most answers.  Held is the input and the next chunk of output.  What is owed by now
//              is bounded by the bytes of content that came, for a token has at least one, and one
//              token more for each event.  As bytes are several times the tokens, what is held
//              covers also what the provider has written and we have not read yet.
//
//   StreamHold held;
//   held.StartInChunks(first, limit);
//   … for each event: while (held.Look(bytes) == kNeedsMore) { extend the hold by
//   held.Wanted(bytes)
//     tokens, or wait for money, or end the stream;  held.Grown(tokens); }
//   held.Take(bytes);
#ifndef TOLLGATE_DATAPLANE_REQUEST_STREAM_HOLD_H_
#define TOLLGATE_DATAPLANE_REQUEST_STREAM_HOLD_H_

#include <cstdint>

namespace tollgate::dataplane {

// Counts in output tokens, over all choices.  Used by one thread.
class StreamHold {
 public:
  StreamHold() = default;

  // `limit` tokens are held, and the provider was told to stop there.
  void StartWhole(std::int64_t limit) { *this = StreamHold(limit, limit, true); }
  // `held` tokens are held so far; the model writes `limit` at most.
  void StartInChunks(std::int64_t held, std::int64_t limit) {
    *this = StreamHold(held, limit, false);
  }

  enum class Coverage {
    kCovered,    // The event may be taken.
    kNeedsMore,  // Not before the hold has grown.
    kOverLimit,  // The provider goes on beyond its limit.
  };

  // Whether what may be owed with an event of `content_bytes` more is held.
  Coverage Look(std::int64_t content_bytes) const;

  // Takes an event in.
  void Take(std::int64_t content_bytes) {
    content_bytes_ += content_bytes;
    if (content_bytes > 0) ++events_;
  }

  // By how many tokens the hold should grow now, so that an event of `content_bytes` is covered and
  // some more are; 0 for not at all.
  std::int64_t Wanted(std::int64_t content_bytes) const;

  // The hold has grown.
  void Grown(std::int64_t tokens) { held_ += tokens; }

  bool whole() const { return whole_; }
  std::int64_t held() const { return held_; }
  std::int64_t limit() const { return limit_; }

 private:
  StreamHold(std::int64_t held, std::int64_t limit, bool whole)
      : held_(held), limit_(limit), whole_(whole) {}

  std::int64_t Owed(std::int64_t more_bytes) const;

  std::int64_t held_ = 0;
  std::int64_t limit_ = 0;
  bool whole_ = true;
  std::int64_t content_bytes_ = 0;
  std::int64_t events_ = 0;  // With content.
};

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_REQUEST_STREAM_HOLD_H_
