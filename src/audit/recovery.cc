#include "audit/recovery.h"

#include "audit/envelope.h"

namespace countersign::audit {
namespace {

Error corrupt(const std::string& path, std::uint64_t seq, std::string_view what) {
    return {ErrorCode::Corrupt, path + ": record " + std::to_string(seq) + ": " + std::string(what),
            "run: countersign audit verify; keep the directory as evidence"};
}

/// Whether any complete line in `text` still looks like a record: then what stands before it is
/// damage in the middle and not a torn tail.
bool holds_a_record(std::string_view text) {
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return false;
        }
        if (parse_envelope(text.substr(0, end)).ok()) {
            return true;
        }
        text.remove_prefix(end + 1);
    }
    return false;
}

/// Compares the tree with the checkpoint when they have the same size.
Result<void> compare(const std::string& path, const MerkleFrontier& frontier,
                     const std::optional<TreeHead>& checkpoint) {
    if (checkpoint && checkpoint->size == frontier.size() && checkpoint->root != frontier.root()) {
        return corrupt(path, frontier.size(),
                       "the records before it are not those of the last checkpoint");
    }
    return {};
}

/// Takes the record when it continues the chain.
bool follow(ChainEnd& end, std::string_view line) {
    const auto envelope = parse_envelope(line);
    if (!envelope.ok() || envelope->seq != end.frontier.size() ||
        envelope->previous != end.previous || envelope->time < end.time) {
        return false;
    }
    end.previous = leaf_hash(line);
    end.frontier.add(end.previous);
    end.time = envelope->time;
    return true;
}

Result<void> follow_segment(const std::string& path, std::string_view content, ChainEnd& end,
                            const std::optional<TreeHead>& checkpoint) {
    std::size_t at = end.bytes;
    TRY(compare(path, end.frontier, checkpoint));
    while (at < content.size()) {
        const std::size_t newline = content.find('\n', at);
        const bool good =
            newline != std::string_view::npos && follow(end, content.substr(at, newline - at));
        if (!good) {
            break;
        }
        at = newline + 1;
        TRY(compare(path, end.frontier, checkpoint));
    }
    end.bytes = at;
    end.torn_bytes = content.size() - at;
    if (holds_a_record(content.substr(at))) {
        return corrupt(path, end.frontier.size(), "damaged, and good records follow it");
    }
    if (checkpoint && checkpoint->size > end.frontier.size()) {
        return corrupt(path, end.frontier.size(),
                       "missing; the last checkpoint covers " + std::to_string(checkpoint->size));
    }
    return {};
}

}  // namespace

Result<ChainEnd> find_chain_end(Files& files, const LogPaths& paths, const std::string& origin,
                                const std::vector<std::uint64_t>& segments,
                                const std::optional<TreeHead>& checkpoint) {
    ChainEnd end;
    for (auto segment = segments.rbegin(); segment != segments.rend(); ++segment) {
        const std::string path = paths.segment(*segment);
        const std::string content = TRY(files.read(path, kSegmentFileBytesMax));
        const std::size_t newline = content.find('\n');
        if (newline == std::string::npos && segment == segments.rbegin() && segments.size() > 1) {
            // The gateway died while it began this segment; nothing was in it.
            end.headerless = *segment;
            continue;
        }
        if (newline == std::string::npos && segments.size() == 1 && *segment == 0) {
            // It died while it began the very first one.
            end.torn_bytes = content.size();
            if (checkpoint && checkpoint->size > 0) {
                return corrupt(path, 0, "missing; a checkpoint covers it");
            }
            return end;
        }
        const auto parsed = parse_header(std::string_view(content).substr(0, newline));
        if (!parsed.ok() || parsed->first != *segment || parsed->origin != origin) {
            return corrupt(path, *segment, "the segment is damaged or belongs to another log");
        }
        const SegmentHeader& header = parsed.value();
        end.segment = *segment;
        end.bytes = newline + 1;
        end.frontier = *MerkleFrontier::resume(header.first, header.peaks);
        end.previous = header.previous;
        end.time = header.time;
        TRY(follow_segment(path, content, end, checkpoint));
        return end;
    }
    return Error(ErrorCode::Corrupt, paths.segments() + ": no usable segment");
}

}  // namespace countersign::audit
