// Reads records of the segments by their numbers, for the gateway's own views, proofs, verification
// and export. Internal to audit/.
//
// Not thread safe. `files` must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "audit/envelope.h"
#include "audit/files.h"
#include "audit/layout.h"
#include "base/result.h"

namespace countersign::audit {

/// First record numbers of all segments, ascending. Corrupt: a foreign file among them.
Result<std::vector<std::uint64_t>> list_segments(Files& files, const LogPaths& paths);

/// The line with a body that lies aside put back into it. Corrupt: the blob is missing or is
/// another one.
Result<std::string> with_body(Files& files, const LogPaths& paths, std::string_view line);

/// Keeps for each segment where every 64th record begins, so that reading one record costs a seek
/// and a short read; 16 bytes a thousand records.
class SegmentReader {
public:
    SegmentReader(Files& files, const LogPaths& paths) : files_(files), paths_(paths) {}

    /// Declares a segment that holds records from `first` on; the newest one grows.
    void add_segment(std::uint64_t first);
    /// Forgets segments that begin after `first`, and what is known about the place of records.
    void forget_after(std::uint64_t first);
    /// Raw lines first .. first + count - 1, which must all exist (Corrupt otherwise).
    Result<std::vector<std::string>> lines(std::uint64_t first, std::size_t count);
    /// The same one by one, none of them kept. The visitor's errors are handed on.
    Result<void> each(std::uint64_t first, std::uint64_t count,
                      const std::function<Result<void>(std::string_view)>& visit);

private:
    struct Segment {
        std::vector<std::uint64_t> offsets;  ///< of records first, first + 64, ...
        std::uint64_t next_offset = 0;       ///< where looking goes on
        std::uint64_t next_seq = 0;
    };
    Result<void> look_up_to(std::uint64_t first, Segment& segment, std::uint64_t seq);
    /// Visits those of them that are in the segment of the first; gives how many.
    Result<std::uint64_t> each_in_segment(
        std::uint64_t seq, std::uint64_t count,
        const std::function<Result<void>(std::string_view)>& visit);

    Files& files_;
    LogPaths paths_;
    std::map<std::uint64_t, Segment> segments_;
};

}  // namespace countersign::audit
