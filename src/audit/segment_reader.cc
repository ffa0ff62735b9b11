#include "audit/segment_reader.h"

#include <algorithm>

#include "base/check.h"
#include "base/limits.h"

namespace countersign::audit {
namespace {

constexpr std::uint64_t kStride = 64;
constexpr std::size_t kChunkBytes = 256 * 1024;

Error damaged(const std::string& path) {
    return {ErrorCode::Corrupt, path + ": a record is missing or damaged",
            "run: countersign audit verify"};
}

/// Gives a file's lines one after the other from an offset, reading in chunks.
class LineScanner {
public:
    LineScanner(Files& files, std::string path, std::uint64_t offset)
        : files_(files), path_(std::move(path)), offset_(offset) {}

    /// The next line without newline, valid until the next call; Corrupt at the end of the file.
    Result<std::string_view> next() {
        for (;;) {
            const std::size_t end = buffer_.find('\n', at_);
            if (end != std::string::npos) {
                const std::string_view line = std::string_view(buffer_).substr(at_, end - at_);
                at_ = end + 1;
                return line;
            }
            buffer_.erase(0, at_);
            offset_ += at_;
            at_ = 0;
            const std::string more =
                TRY(files_.read_at(path_, offset_ + buffer_.size(), kChunkBytes));
            if (more.empty()) {
                return damaged(path_);
            }
            buffer_ += more;
        }
    }
    /// Offset of the line that next() gives.
    [[nodiscard]] std::uint64_t offset() const { return offset_ + at_; }

private:
    Files& files_;
    std::string path_;
    std::string buffer_;
    std::size_t at_ = 0;
    std::uint64_t offset_;
};

}  // namespace

Result<std::vector<std::uint64_t>> list_segments(Files& files, const LogPaths& paths) {
    const std::vector<std::string> names = TRY(files.list(paths.segments()));
    std::vector<std::uint64_t> firsts;
    for (const std::string& name : names) {
        const auto first = segment_first(name);
        if (!first) {
            return Error(ErrorCode::Corrupt,
                         paths.segments() + "/" + name + ": a foreign file in the log's directory");
        }
        firsts.push_back(*first);
    }
    std::sort(firsts.begin(), firsts.end());
    return firsts;
}

Result<std::string> with_body(Files& files, const LogPaths& paths, std::string_view line) {
    Envelope envelope = TRY(parse_envelope(line));
    if (!envelope.blob) {
        return std::string(line);
    }
    const std::string path = paths.blob(envelope.blob->digest);
    const std::string body = TRY(files.read(path, limits::kRecordBytesMax));
    if (body.size() != envelope.blob->bytes || crypto::sha256(body) != envelope.blob->digest) {
        return Error(ErrorCode::Corrupt, path + ": the body of record " +
                                             std::to_string(envelope.seq) + " was changed");
    }
    envelope.blob.reset();
    envelope.body = body;
    return print_envelope(envelope);
}

void SegmentReader::add_segment(std::uint64_t first) {
    segments_.try_emplace(first).first->second.next_seq = first;
}

void SegmentReader::forget_after(std::uint64_t first) {
    segments_.erase(segments_.upper_bound(first), segments_.end());
    for (auto& [number, segment] : segments_) {
        segment = Segment{};
        segment.next_seq = number;
    }
}

Result<void> SegmentReader::look_up_to(std::uint64_t first, Segment& segment, std::uint64_t seq) {
    LineScanner scanner(files_, paths_.segment(first), segment.next_offset);
    if (segment.next_offset == 0) {
        TRY(scanner.next());  // the header
    }
    while (segment.next_seq <= seq) {
        if ((segment.next_seq - first) % kStride == 0) {
            segment.offsets.push_back(scanner.offset());
        }
        TRY(scanner.next());
        ++segment.next_seq;
        segment.next_offset = scanner.offset();
    }
    return {};
}

Result<std::uint64_t> SegmentReader::each_in_segment(
    std::uint64_t seq, std::uint64_t count,
    const std::function<Result<void>(std::string_view)>& visit) {
    const auto above = segments_.upper_bound(seq);
    CHECK(above != segments_.begin());
    auto& [first, segment] = *std::prev(above);
    const std::uint64_t end =
        above == segments_.end() ? seq + count : std::min(above->first, seq + count);
    const std::uint64_t anchor = (seq - first) / kStride;
    TRY(look_up_to(first, segment, first + anchor * kStride));
    LineScanner scanner(files_, paths_.segment(first), segment.offsets[anchor]);
    for (std::uint64_t at = first + anchor * kStride; at < end; ++at) {
        const std::string_view line = TRY(scanner.next());
        if (at >= seq) {
            TRY(visit(line));
        }
    }
    return end - seq;
}

Result<void> SegmentReader::each(std::uint64_t first, std::uint64_t count,
                                 const std::function<Result<void>(std::string_view)>& visit) {
    while (count > 0) {
        const std::uint64_t visited = TRY(each_in_segment(first, count, visit));
        first += visited;
        count -= visited;
    }
    return {};
}

Result<std::vector<std::string>> SegmentReader::lines(std::uint64_t first, std::size_t count) {
    std::vector<std::string> out;
    out.reserve(count);
    TRY(each(first, count, [&out](std::string_view line) -> Result<void> {
        out.emplace_back(line);
        return {};
    }));
    return out;
}

}  // namespace countersign::audit
