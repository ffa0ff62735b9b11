#include "audit/public_log.h"

#include <array>

#include "audit/envelope.h"
#include "audit/layout.h"
#include "audit/log.h"
#include "audit/segment_reader.h"
#include "audit/tile_name.h"
#include "base/check.h"
#include "base/limits.h"

namespace countersign::audit {
namespace {

/// Turns records, one after the other, into files.
class Publisher {
public:
    Publisher(Files& files, LogPaths from, std::string target)
        : files_(files), from_(std::move(from)), target_(std::move(target)) {}

    Result<PublishReport> run() {
        report_.checkpoint = TRY(files_.read(from_.checkpoint(), crypto::kNoteBytesMax));
        const std::size_t gap = report_.checkpoint.find("\n\n");
        const TreeHead head = TRY(parse_tree_head(report_.checkpoint.substr(0, gap + 1)));
        const std::vector<std::uint64_t> segments = TRY(list_segments(files_, from_));
        for (const std::uint64_t first : segments) {
            if (first == report_.records && first < head.size) {
                TRY(take_segment(first, head.size));
            }
        }
        if (report_.records != head.size || frontier_.root() != head.root) {
            return Error(ErrorCode::Corrupt,
                         from_.directory + ": its records are not those of its checkpoint",
                         "run: countersign audit verify");
        }
        TRY(finish());
        TRY(files_.replace(target_ + "/checkpoint", report_.checkpoint));
        return std::move(report_);
    }

private:
    Result<void> take_segment(std::uint64_t first, std::uint64_t size) {
        const std::string content = TRY(files_.read(from_.segment(first), kSegmentFileBytesMax));
        std::size_t at = content.find('\n');
        while (at != std::string::npos && report_.records < size) {
            const std::size_t begin = at + 1;
            at = content.find('\n', begin);
            if (at != std::string::npos) {
                TRY(take(std::string_view(content).substr(begin, at - begin)));
            }
        }
        return {};
    }

    Result<void> take(std::string_view line) {
        const Envelope envelope = TRY(parse_envelope(line));
        if (envelope.blob) {
            const std::string body =
                TRY(files_.read(from_.blob(envelope.blob->digest), limits::kRecordBytesMax));
            TRY(write("blobs/" + envelope.blob->digest.hex(), body));
        }
        bundle_.emplace_back(line);
        crypto::Digest hash = leaf_hash(line);
        frontier_.add(hash);
        ++report_.records;
        if (bundle_.size() == kTileWidth) {
            TRY(write_bundle());
        }
        for (unsigned level = 0; level < kTileLevels; ++level) {
            std::vector<crypto::Digest>& tile = tiles_[level];
            tile.push_back(hash);
            if (tile.size() < kTileWidth) {
                break;
            }
            MerkleFrontier inner;
            for (const crypto::Digest& below : tile) {
                inner.add(below);
            }
            hash = inner.root();
            TRY(write_tile(level));
        }
        return {};
    }

    /// The tiles that are still growing, as partial ones.
    Result<void> finish() {
        if (!bundle_.empty()) {
            TRY(write_bundle());
        }
        for (unsigned level = 0; level < kTileLevels; ++level) {
            if (!tiles_[level].empty()) {
                TRY(write_tile(level));
            }
        }
        return {};
    }

    Result<void> write_bundle() {
        TileName name;
        name.kind = TileName::Kind::Entries;
        name.width = static_cast<unsigned>(bundle_.size());
        name.number = (report_.records - 1) / kTileWidth;
        const std::string bytes = entry_bundle(bundle_);
        bundle_.clear();
        return write(print_tile_name(name), bytes);
    }

    Result<void> write_tile(unsigned level) {
        std::vector<crypto::Digest>& tile = tiles_[level];
        TileName name;
        name.level = level;
        name.width = static_cast<unsigned>(tile.size());
        name.number = ((report_.records >> (kTileHeight * level)) - 1) / kTileWidth;
        std::string bytes;
        for (const crypto::Digest& hash : tile) {
            bytes.append(reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size());
        }
        tile.clear();
        return write(print_tile_name(name), bytes);
    }

    Result<void> write(const std::string& name, std::string_view bytes) {
        const std::string path = target_ + "/" + name;
        const auto there = files_.size(path);
        if (there.ok() && there.value() == bytes.size()) {
            return {};
        }
        TRY(files_.create_directory(path.substr(0, path.rfind('/'))));
        ++report_.written;
        return files_.write(path, bytes);
    }

    Files& files_;
    LogPaths from_;
    std::string target_;
    PublishReport report_;
    MerkleFrontier frontier_;
    std::vector<std::string> bundle_;
    std::array<std::vector<crypto::Digest>, kTileLevels> tiles_;
};

}  // namespace

std::string entry_bundle(const std::vector<std::string>& entries) {
    std::string out;
    for (const std::string& entry : entries) {
        CHECK(entry.size() <= kEntryBytesMax);
        out += static_cast<char>(entry.size() >> 8U);
        out += static_cast<char>(entry.size() & 0xFFU);
        out += entry;
    }
    return out;
}

std::optional<std::vector<std::string>> parse_entry_bundle(std::string_view bytes) {
    std::vector<std::string> entries;
    while (!bytes.empty()) {
        if (bytes.size() < 2) {
            return std::nullopt;
        }
        const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(bytes[0]))
                                       << 8U |
                                   static_cast<unsigned char>(bytes[1]);
        bytes.remove_prefix(2);
        if (bytes.size() < length || entries.size() == kTileWidth) {
            return std::nullopt;
        }
        entries.emplace_back(bytes.substr(0, length));
        bytes.remove_prefix(length);
    }
    return entries;
}

Result<PublishReport> publish_log(Files& files, const std::string& directory,
                                  const std::string& target) {
    return Publisher(files, LogPaths(directory), target).run();
}

}  // namespace countersign::audit
