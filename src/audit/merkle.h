// Merkle tree hashing and proofs of RFC 6962 (section 2.1) and their verification (RFC 9162 section
// 2.1.3.2 and 2.1.4.2 give the algorithms). Pure; thread safe.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/digest.h"

namespace countersign::audit {

/// SHA-256(0x00 || entry).
crypto::Digest leaf_hash(std::string_view entry);
/// SHA-256(0x01 || left || right).
crypto::Digest node_hash(const crypto::Digest& left, const crypto::Digest& right);

/// A tree that grows by leaves and knows its root; keeps one hash per set bit of its size.
class MerkleFrontier {
public:
    MerkleFrontier() = default;
    /// Resumes. nullopt: `peaks` does not have one hash per set bit of `size`.
    static std::optional<MerkleFrontier> resume(std::uint64_t size,
                                                std::vector<crypto::Digest> peaks);
    void add(const crypto::Digest& leaf);
    [[nodiscard]] std::uint64_t size() const { return size_; }
    /// The empty tree's root is SHA-256 of nothing.
    [[nodiscard]] crypto::Digest root() const;
    /// Roots of the complete subtrees, the largest first.
    [[nodiscard]] const std::vector<crypto::Digest>& peaks() const { return peaks_; }

private:
    std::uint64_t size_ = 0;
    std::vector<crypto::Digest> peaks_;
};

/// Gives the hash of the complete subtree of 2^level leaves that starts at leaf index * 2^level.
using SubtreeHash = std::function<Result<crypto::Digest>(std::uint64_t level, std::uint64_t index)>;

/// The root of the tree over the first `size` entries. Errors of `hashes` are handed on.
Result<crypto::Digest> tree_root(std::uint64_t size, const SubtreeHash& hashes);

/// PATH(index, D[size]) and PROOF(first, D[second]). InvalidArgument: index >= size, first = 0
/// or first > second. Errors of `hashes` are handed on.
Result<std::vector<crypto::Digest>> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                                    const SubtreeHash& hashes);
Result<std::vector<crypto::Digest>> consistency_proof(std::uint64_t first, std::uint64_t second,
                                                      const SubtreeHash& hashes);

/// Whether the proof shows that `leaf` is entry `index` of the tree with `size` and `root`.
bool verify_inclusion(std::uint64_t index, std::uint64_t size, const crypto::Digest& leaf,
                      const std::vector<crypto::Digest>& proof, const crypto::Digest& root);
/// Whether the proof shows that the first tree is a prefix of the second. A first size of 0 is
/// refused: it proves nothing (the vectors of transparency-dev say so as well).
bool verify_consistency(std::uint64_t first, std::uint64_t second, const crypto::Digest& first_root,
                        const crypto::Digest& second_root,
                        const std::vector<crypto::Digest>& proof);

}  // namespace countersign::audit
