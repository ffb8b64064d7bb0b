// CRC-32C (Castagnoli; RFC 3720 appendix B.4), by the SSE 4.2 instruction where the processor has
// it, else by table.  Pure; thread-safe.
#ifndef TOLLGATE_BASE_CRC32C_H_
#define TOLLGATE_BASE_CRC32C_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace tollgate {

// Continues a checksum: ExtendCrc32c(Crc32c(a), b) == Crc32c(a followed by b).
std::uint32_t ExtendCrc32c(std::uint32_t crc, std::span<const std::byte> data);

inline std::uint32_t Crc32c(std::span<const std::byte> data) { return ExtendCrc32c(0, data); }
inline std::uint32_t Crc32c(std::string_view data) {
  return ExtendCrc32c(0, std::as_bytes(std::span(data.data(), data.size())));
}

// The table implementation, so that a test can compare both on any processor.
std::uint32_t ExtendCrc32cPortable(std::uint32_t crc, std::span<const std::byte> data);

}  // namespace tollgate

#endif  // TOLLGATE_BASE_CRC32C_H_
