// Every limit of the data plane's edge, with its unit and its reason.  What an operator may want to
// change is in dataplane/config.h; these are the bounds that hold whatever the configuration says.
#ifndef TOLLGATE_DATAPLANE_LIMITS_H_
#define TOLLGATE_DATAPLANE_LIMITS_H_

#include <cstddef>
#include <cstdint>

namespace tollgate::dataplane {

// --- Heads -------------------------------------------------------------------------------------

// Largest request or response head in bytes.  A long JWT and a few cookies fit many times over.
inline constexpr std::size_t kHeadBytesMax = 64 * 1024;
// Fields of one head.  SDKs send about twenty.
inline constexpr std::size_t kHeadFieldsMax = 100;
// Longest request target in bytes; our longest route is a model id in a path.
inline constexpr std::size_t kTargetBytesMax = 8 * 1024;
// 1xx heads that a provider may send before its answer.
inline constexpr int kInformationalHeadsMax = 8;

// --- Chunked coding ----------------------------------------------------------------------------

// Bytes of chunk extensions in one message: nobody uses them; a little is allowed as RFC 9112 asks.
inline constexpr std::size_t kChunkExtensionBytesMax = 1024;
// Bytes of the trailer section; it is read, checked and dropped.
inline constexpr std::size_t kTrailerBytesMax = 4 * 1024;

// --- Buffers -----------------------------------------------------------------------------------

// First size of a connection's read buffer: a common request fits, one read takes it whole.
inline constexpr std::size_t kReadBufferBytes = 16 * 1024;
// Read at once while relaying: more only delays the first byte of it.
inline constexpr std::size_t kRelayReadBytes = 64 * 1024;
// Above this a connection's buffer is given back when the request is over.
inline constexpr std::size_t kBufferKeepBytesMax = 256 * 1024;
// One SSE event; an image inside a delta is the largest honest one.
inline constexpr std::size_t kSseEventBytesMax = 16 * 1024 * 1024;
// An error body of a provider: what is beyond cannot hold its message.
inline constexpr std::size_t kProviderErrorBytesMax = 64 * 1024;
// The provider's message as it is shown to a client.
inline constexpr std::size_t kProviderMessageBytesMax = 1024;

// --- Bodies as JSON ----------------------------------------------------------------------------

// Nesting of a request body.  Tool schemas nest some ten deep.
inline constexpr int kJsonDepthMax = 64;
// Length of a model name as the client writes it.
inline constexpr std::size_t kModelNameBytesMax = 256;
// Models in the body's `models` list.
inline constexpr std::size_t kModelsListMax = 16;
// Choices (`n`) of one request.
inline constexpr std::int64_t kChoicesMax = 128;

// --- Bounds on cost (architecture.md §8) --------------------------------------------------------

// Input tokens that chat templates add: per message, and per request.  The largest template known
// adds under 8 per message; 16 leaves room.
inline constexpr std::int64_t kMessageOverheadTokens = 16;
inline constexpr std::int64_t kRequestOverheadTokens = 64;
// Input tokens that a tool definition costs besides its own bytes.
inline constexpr std::int64_t kToolOverheadTokens = 32;
// Input tokens of an image whose size is not known, since it is fetched by the provider.  The
// dearest published formula (a 2048-pixel image in 768-pixel tiles, high detail) stays below it.
inline constexpr std::int64_t kImageTokens = 16 * 1024;
// The same for a file, a sound or a video that the provider fetches.
inline constexpr std::int64_t kFileTokens = 128 * 1024;
// Output tokens when neither caller nor catalog says how many a model writes at most.
inline constexpr std::int64_t kOutputTokensDefault = 32 * 1024;
// An output limit below this is not worth sending: the request is refused instead, unless the
// caller asked for less.
inline constexpr std::int64_t kOutputTokensWorthwhile = 256;
// Output tokens that are held first, and added at a time, for a stream whose caller stated no
// limit: most answers end within the first chunk, counted as bytes; a long one makes some dozen
// extensions.
inline constexpr std::int64_t kStreamChunkTokens = 2048;
// A stream's hold grows when less than this is left of it: the time in which such a text comes is
// what a lease that runs short has to be filled up, before the stream must wait.
inline constexpr std::int64_t kStreamAheadTokens = 512;
// Output tokens that content does not show: how a turn, a tool call and the end are marked.
inline constexpr std::int64_t kStreamOverheadTokens = 32;
// Bytes of text for one token when the provider does not report usage.
inline constexpr std::int64_t kEstimateBytesPerToken = 4;

// --- Upstream ----------------------------------------------------------------------------------

// Attempts of one request at most, whatever the route says.
inline constexpr std::uint32_t kAttemptsMax = 16;
// The longest rest that a provider may impose on a credential by Retry-After.
inline constexpr std::int64_t kCooldownMsMax = 60 * 60 * 1000;
// A pooled connection idle for longer is looked at (one syscall) before it is used again.
inline constexpr std::int64_t kPoolTrustIdleMs = 1000;
// Addresses of one host that are tried before the connection counts as failed.
inline constexpr std::size_t kAddressesPerHostMax = 8;
// Connections opened for the pool per provider and worker are bounded by requests; idle ones by
// this.
inline constexpr std::size_t kPoolIdlePerOriginMax = 1024;

// --- The node ----------------------------------------------------------------------------------

// Client connections per worker: beyond it, accepting pauses until one ends.
inline constexpr std::size_t kConnectionsPerWorkerMax = 50'000;
// Worker threads.
inline constexpr int kWorkersMax = 256;
// Attempts kept for GET /v1/generation until billing has them: some seconds at full rate.
inline constexpr std::size_t kRecentAttemptsMax = 100'000;
// Calls to billing for /v1/credits and /v1/generation that may be open at a time, per worker.
inline constexpr int kLedgerCallsMax = 64;
// How long such a call may take.
inline constexpr std::int64_t kLedgerCallMs = 2000;
// Generations of one page that billing is asked for; one is some 600 bytes.
inline constexpr int kLedgerPageGenerations = 500;
// Pages that one report reads: a hundred thousand generations, some seconds of work.
inline constexpr int kReportPagesMax = 200;

}  // namespace tollgate::dataplane

#endif  // TOLLGATE_DATAPLANE_LIMITS_H_
