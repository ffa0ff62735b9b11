// The hash tiles of the log (C2SP tlog-tiles, height 8): full tiles of 256 hashes as files
// "tile/<level>/<number>", so that a proof about any record reads a few kilobytes instead of the
// log. They are derived: a missing or short tile is made again from the records, and writing one
// never decides whether a record counts.
//
// Not thread safe. `files` and what the leaf source captures must outlive it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "audit/files.h"
#include "audit/merkle.h"
#include "audit/tile_name.h"
#include "base/result.h"

namespace countersign::audit {

class HashTiles {
public:
    /// Leaf hashes of records first .. first + count - 1, all of them or an error.
    using LeafSource = std::function<Result<std::vector<crypto::Digest>>(std::uint64_t first,
                                                                         std::uint64_t count)>;

    /// Whether tiles that are made are written, for the next time.
    enum class Storing { Always, Never };

    HashTiles(Files& files, std::string directory, LeafSource leaves,
              Storing storing = Storing::Always);

    /// Takes up at `size` records, reading (or making again) the tiles that this needs.
    Result<void> resume(std::uint64_t size);
    /// The next leaf. Tiles that it completes are written; one that cannot be written is kept and
    /// tried again later.
    void add(const crypto::Digest& leaf);
    [[nodiscard]] std::uint64_t size() const { return size_; }

    /// The root of a complete subtree, for the proofs of merkle.h.
    Result<crypto::Digest> subtree(std::uint64_t level, std::uint64_t index);
    /// A hash tile as the file that tlog-tiles knows. NotFound: no tile of hashes, or beyond
    /// size().
    Result<std::string> bytes(const TileName& name);

private:
    using Tile = std::vector<crypto::Digest>;
    Result<Tile> full_tile(std::size_t level, std::uint64_t number);
    Result<Tile> make_tile(std::size_t level, std::uint64_t number);
    void store(std::size_t level, std::uint64_t number, const Tile& tile);
    void write_waiting();
    [[nodiscard]] std::string path_of(std::size_t level, std::uint64_t number) const;

    Files& files_;
    std::string directory_;
    LeafSource leaves_;
    Storing storing_;
    std::uint64_t size_ = 0;
    std::vector<Tile> partial_;                   ///< by level: the tile that is growing
    std::map<std::string, std::string> waiting_;  ///< path -> bytes that could not be written yet
};

}  // namespace countersign::audit
