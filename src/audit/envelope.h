// One line of the log, taken apart and put together. The members of a record are in canonical order
// (RFC 8785), which puts the body first, so a line can be built and taken apart without parsing the
// body:
//
//   {"body":BODY,"prev":"<64 hex>","seq":N,"time":"<instant>","type":"<type>","v":1}
//   {"body_blob":{"bytes":N,"digest":"sha256:<hex>"},"prev":...     when the body lies aside
//
// Pure; thread safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"

namespace countersign::audit {

struct BlobReference {
    std::uint64_t bytes = 0;
    crypto::Digest digest;
    bool operator==(const BlobReference&) const = default;
};

struct Envelope {
    std::string_view body;              ///< JSON text; empty when it lies aside
    std::optional<BlobReference> blob;  ///< where it lies
    crypto::Digest previous;            ///< leaf hash of the record before; zero for the first
    std::uint64_t seq = 0;
    Instant time;
    std::string_view type;
};

/// The line without newline.
std::string print_envelope(const Envelope& envelope);

/// Malformed: not exactly what print_envelope writes. The body's own syntax is not looked at; views
/// point into `line`.
Result<Envelope> parse_envelope(std::string_view line);

}  // namespace countersign::audit
