#include "audit/tiles.h"

#include "base/check.h"

namespace countersign::audit {
namespace {

constexpr std::size_t kTileBytes = kTileWidth * crypto::kDigestBytes;

crypto::Digest root_of(const std::vector<crypto::Digest>& hashes, std::size_t begin,
                       std::size_t count) {
    MerkleFrontier frontier;
    for (std::size_t i = begin; i < begin + count; ++i) {
        frontier.add(hashes[i]);
    }
    return frontier.root();
}

std::string bytes_of(const std::vector<crypto::Digest>& tile) {
    std::string out;
    out.reserve(kTileBytes);
    for (const crypto::Digest& hash : tile) {
        out.append(reinterpret_cast<const char*>(hash.bytes.data()), hash.bytes.size());
    }
    return out;
}

std::vector<crypto::Digest> tile_from(std::string_view bytes) {
    std::vector<crypto::Digest> tile;
    for (std::size_t at = 0; at < bytes.size(); at += crypto::kDigestBytes) {
        tile.push_back(*crypto::Digest::from_bytes(bytes.substr(at, crypto::kDigestBytes)));
    }
    return tile;
}

}  // namespace

HashTiles::HashTiles(Files& files, std::string directory, LeafSource leaves, Storing storing)
    : files_(files),
      directory_(std::move(directory)),
      leaves_(std::move(leaves)),
      storing_(storing),
      partial_(kTileLevels) {}

std::string HashTiles::path_of(std::size_t level, std::uint64_t number) const {
    return directory_ + "/" + std::to_string(level) + "/" + tile_number(number);
}

Result<void> HashTiles::resume(std::uint64_t size) {
    size_ = size;
    for (std::size_t level = 0; level < kTileLevels; ++level) {
        const std::uint64_t count = size >> (kTileHeight * level);
        const std::uint64_t first = count / kTileWidth * kTileWidth;
        Tile tile;
        if (level == 0) {
            tile = TRY(leaves_(first, count - first));
        } else {
            for (std::uint64_t i = first; i < count; ++i) {
                const Tile below = TRY(full_tile(level - 1, i));
                tile.push_back(root_of(below, 0, kTileWidth));
            }
        }
        partial_[level] = std::move(tile);
    }
    return {};
}

void HashTiles::add(const crypto::Digest& leaf) {
    crypto::Digest hash = leaf;
    ++size_;
    for (std::size_t level = 0; level < kTileLevels; ++level) {
        Tile& tile = partial_[level];
        tile.push_back(hash);
        if (tile.size() < kTileWidth) {
            return;
        }
        const std::uint64_t number = (size_ >> (kTileHeight * (level + 1))) - 1;
        store(level, number, tile);
        hash = root_of(tile, 0, kTileWidth);
        tile.clear();
    }
}

void HashTiles::store(std::size_t level, std::uint64_t number, const Tile& tile) {
    if (storing_ == Storing::Never) {
        return;
    }
    waiting_[path_of(level, number)] = bytes_of(tile);
    write_waiting();
}

void HashTiles::write_waiting() {
    while (!waiting_.empty()) {
        const auto& [path, bytes] = *waiting_.begin();
        if (!files_.create_directory(path.substr(0, path.rfind('/'))).ok() ||
            !files_.write(path, bytes).ok()) {
            return;
        }
        waiting_.erase(waiting_.begin());
    }
}

Result<HashTiles::Tile> HashTiles::full_tile(std::size_t level, std::uint64_t number) {
    const std::string path = path_of(level, number);
    const auto waiting = waiting_.find(path);
    if (waiting != waiting_.end()) {
        return tile_from(waiting->second);
    }
    const auto bytes = files_.read(path, kTileBytes);
    if (bytes.ok() && bytes->size() == kTileBytes) {
        return tile_from(bytes.value());
    }
    Tile tile = TRY(make_tile(level, number));
    store(level, number, tile);
    return tile;
}

Result<HashTiles::Tile> HashTiles::make_tile(std::size_t level, std::uint64_t number) {
    if (level == 0) {
        return leaves_(number * kTileWidth, kTileWidth);
    }
    Tile tile;
    for (std::size_t i = 0; i < kTileWidth; ++i) {
        const Tile below = TRY(full_tile(level - 1, number * kTileWidth + i));
        tile.push_back(root_of(below, 0, kTileWidth));
    }
    return tile;
}

Result<std::string> HashTiles::bytes(const TileName& name) {
    if (name.kind != TileName::Kind::Hashes || !name.within(size_)) {
        return Error(ErrorCode::NotFound, "the log has no such tile");
    }
    Tile tile;
    if (name.number == (size_ >> (kTileHeight * name.level)) / kTileWidth) {
        tile = partial_[name.level];
    } else {
        tile = TRY(full_tile(name.level, name.number));
    }
    CHECK(name.width <= tile.size());
    tile.resize(name.width);
    return bytes_of(tile);
}

Result<crypto::Digest> HashTiles::subtree(std::uint64_t level, std::uint64_t index) {
    if (level >= 64 || ((index + 1) << level) > size_) {
        return Error(ErrorCode::InvalidArgument, "no such subtree");
    }
    const std::size_t tile_level = level / kTileHeight;
    const unsigned inner = level % kTileHeight;
    const std::uint64_t first = index << inner;
    const std::uint64_t number = first / kTileWidth;
    const std::size_t begin = first % kTileWidth;
    const std::size_t count = std::size_t{1} << inner;
    if (number == (size_ >> (kTileHeight * tile_level)) / kTileWidth) {
        CHECK(begin + count <= partial_[tile_level].size());
        return root_of(partial_[tile_level], begin, count);
    }
    const Tile tile = TRY(full_tile(tile_level, number));
    CHECK(begin + count <= tile.size());
    return root_of(tile, begin, count);
}

}  // namespace countersign::audit
