// Where what lies in a log directory, and how a segment begins. docs/formats/record.md describes
// both. Internal to audit/. Pure; thread safe.
//
//   lock                     held by the gateway that writes
//   key                      verifier key of the checkpoints, for convenience
//   checkpoint               the newest signed checkpoint
//   checkpoints              every checkpoint, one JSON object {"note": ...} a line
//   witnessed                a checkpoint with cosignatures of witnesses (witness.h)
//   segments/<first>.jsonl   records; <first> is the number of the first one, 20 digits
//   blobs/<hex>              bodies that are too long for a line, named by their SHA-256
//   tile/<level>/<number>    hash tiles (tiles.h)
//   cut/<seq>                torn tails that were cut at start
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/merkle.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/digest.h"

namespace countersign::audit {

inline constexpr std::string_view kLogFormat = "countersign-log@v1";
/// A segment that is being read; larger ones were not written by us.
inline constexpr std::uint64_t kSegmentFileBytesMax = 256 * 1024 * 1024;
/// All checkpoints of a log; one has some 300 bytes.
inline constexpr std::uint64_t kCheckpointsBytesMax = 256 * 1024 * 1024;

struct LogPaths {
    explicit LogPaths(std::string top) : directory(std::move(top)) {}
    [[nodiscard]] std::string lock() const { return directory + "/lock"; }
    [[nodiscard]] std::string key() const { return directory + "/key"; }
    [[nodiscard]] std::string checkpoint() const { return directory + "/checkpoint"; }
    [[nodiscard]] std::string witnessed() const { return directory + "/witnessed"; }
    [[nodiscard]] std::string checkpoints() const { return directory + "/checkpoints"; }
    [[nodiscard]] std::string segments() const { return directory + "/segments"; }
    [[nodiscard]] std::string segment(std::uint64_t first) const;
    [[nodiscard]] std::string blobs() const { return directory + "/blobs"; }
    [[nodiscard]] std::string blob(const crypto::Digest& digest) const {
        return blobs() + "/" + digest.hex();
    }
    [[nodiscard]] std::string tiles() const { return directory + "/tile"; }
    [[nodiscard]] std::string cuts() const { return directory + "/cut"; }

    std::string directory;
};

/// The number in a segment's file name; nullopt: not a segment's name.
std::optional<std::uint64_t> segment_first(std::string_view name);

/// The first line of a segment: what stood before it, so that start-up reads one segment only.
struct SegmentHeader {
    std::string origin;
    std::uint64_t first = 0;
    crypto::Digest previous;            ///< leaf hash of the record before
    std::vector<crypto::Digest> peaks;  ///< of the tree over all records before
    Instant time;                       ///< of the record before
};
/// Canonical JSON without newline.
std::string print_header(const SegmentHeader& header);
/// Malformed: not a header, or its peaks do not fit its number.
Result<SegmentHeader> parse_header(std::string_view line);

/// A checkpoint's text: origin, size, root in base64, one a line (C2SP tlog-checkpoint).
struct TreeHead {
    std::string origin;
    std::uint64_t size = 0;
    crypto::Digest root;
};
std::string print_tree_head(const TreeHead& head);
/// Further lines (extensions) are allowed by the format and passed over.
Result<TreeHead> parse_tree_head(std::string_view text);

/// One line of the file `checkpoints`, without newline.
std::string print_checkpoint_line(std::string_view note);
Result<std::string> parse_checkpoint_line(std::string_view line);

}  // namespace countersign::audit
