#include "audit/merkle.h"

#include <algorithm>
#include <bit>

namespace countersign::audit {
namespace {

constexpr std::string_view kLeafPrefix("\0", 1);
constexpr std::string_view kNodePrefix("\1", 1);

/// The largest power of two below `size`, which must be above 1.
std::uint64_t split_point(std::uint64_t size) {
    return std::bit_floor(size - 1);
}

/// MTH(D[begin : begin + count]) for a range whose start is a multiple of the power of two at or
/// above `count`, so that every complete subtree of it is one of the tree's own.
Result<crypto::Digest> range_hash(std::uint64_t begin, std::uint64_t count,
                                  const SubtreeHash& hashes) {
    if (std::has_single_bit(count)) {
        const auto level = static_cast<std::uint64_t>(std::countr_zero(count));
        return hashes(level, begin >> level);
    }
    const std::uint64_t left = split_point(count);
    const crypto::Digest left_hash = TRY(range_hash(begin, left, hashes));
    const crypto::Digest right_hash = TRY(range_hash(begin + left, count - left, hashes));
    return node_hash(left_hash, right_hash);
}

}  // namespace

crypto::Digest leaf_hash(std::string_view entry) {
    return crypto::Sha256().update(kLeafPrefix).update(entry).finish();
}

crypto::Digest node_hash(const crypto::Digest& left, const crypto::Digest& right) {
    return crypto::Sha256().update(kNodePrefix).update(left.bytes).update(right.bytes).finish();
}

std::optional<MerkleFrontier> MerkleFrontier::resume(std::uint64_t size,
                                                     std::vector<crypto::Digest> peaks) {
    if (static_cast<std::size_t>(std::popcount(size)) != peaks.size()) {
        return std::nullopt;
    }
    MerkleFrontier frontier;
    frontier.size_ = size;
    frontier.peaks_ = std::move(peaks);
    return frontier;
}

void MerkleFrontier::add(const crypto::Digest& leaf) {
    crypto::Digest hash = leaf;
    // Each trailing one bit of the size is a complete subtree that the new leaf completes further.
    for (std::uint64_t bits = size_; (bits & 1U) != 0; bits >>= 1U) {
        hash = node_hash(peaks_.back(), hash);
        peaks_.pop_back();
    }
    peaks_.push_back(hash);
    ++size_;
}

crypto::Digest MerkleFrontier::root() const {
    if (peaks_.empty()) {
        return crypto::sha256("");
    }
    crypto::Digest hash = peaks_.back();
    for (auto peak = std::next(peaks_.rbegin()); peak != peaks_.rend(); ++peak) {
        hash = node_hash(*peak, hash);
    }
    return hash;
}

Result<crypto::Digest> tree_root(std::uint64_t size, const SubtreeHash& hashes) {
    if (size == 0) {
        return crypto::sha256("");
    }
    return range_hash(0, size, hashes);
}

Result<std::vector<crypto::Digest>> inclusion_proof(std::uint64_t index, std::uint64_t size,
                                                    const SubtreeHash& hashes) {
    if (index >= size) {
        return Error(ErrorCode::InvalidArgument, "inclusion proof: no such entry in that tree");
    }
    std::vector<crypto::Digest> proof;
    std::uint64_t begin = 0;
    while (size > 1) {
        const std::uint64_t left = split_point(size);
        if (index < left) {
            const crypto::Digest right = TRY(range_hash(begin + left, size - left, hashes));
            proof.push_back(right);
            size = left;
        } else {
            const crypto::Digest sibling = TRY(range_hash(begin, left, hashes));
            proof.push_back(sibling);
            begin += left;
            index -= left;
            size -= left;
        }
    }
    std::reverse(proof.begin(), proof.end());
    return proof;
}

Result<std::vector<crypto::Digest>> consistency_proof(std::uint64_t first, std::uint64_t second,
                                                      const SubtreeHash& hashes) {
    if (first == 0 || first > second) {
        return Error(ErrorCode::InvalidArgument, "consistency proof: no such pair of trees");
    }
    // SUBPROOF of RFC 6962 section 2.1.2, its tail first.
    std::vector<crypto::Digest> proof;
    std::uint64_t begin = 0;
    bool whole = true;  // the subtree at hand is the first tree itself, whose root is known
    while (first != second) {
        const std::uint64_t left = split_point(second);
        if (first <= left) {
            const crypto::Digest right = TRY(range_hash(begin + left, second - left, hashes));
            proof.push_back(right);
            second = left;
        } else {
            const crypto::Digest sibling = TRY(range_hash(begin, left, hashes));
            proof.push_back(sibling);
            begin += left;
            first -= left;
            second -= left;
            whole = false;
        }
    }
    if (!whole) {
        const crypto::Digest rest = TRY(range_hash(begin, second, hashes));
        proof.push_back(rest);
    }
    std::reverse(proof.begin(), proof.end());
    return proof;
}

bool verify_inclusion(std::uint64_t index, std::uint64_t size, const crypto::Digest& leaf,
                      const std::vector<crypto::Digest>& proof, const crypto::Digest& root) {
    if (index >= size) {
        return false;
    }
    std::uint64_t node = index;
    std::uint64_t last = size - 1;
    crypto::Digest hash = leaf;
    for (const crypto::Digest& sibling : proof) {
        if (last == 0) {
            return false;
        }
        if ((node & 1U) != 0 || node == last) {
            hash = node_hash(sibling, hash);
            while ((node & 1U) == 0 && node != 0) {
                node >>= 1U;
                last >>= 1U;
            }
        } else {
            hash = node_hash(hash, sibling);
        }
        node >>= 1U;
        last >>= 1U;
    }
    return last == 0 && hash == root;
}

bool verify_consistency(std::uint64_t first, std::uint64_t second, const crypto::Digest& first_root,
                        const crypto::Digest& second_root,
                        const std::vector<crypto::Digest>& proof) {
    if (first == 0 || first > second) {
        return false;
    }
    if (first == second) {
        return proof.empty() && first_root == second_root;
    }
    // When the first tree is complete its root is the first node of the path and is left out.
    const bool complete = std::has_single_bit(first);
    if (proof.empty()) {
        return false;
    }
    std::uint64_t node = first - 1;
    std::uint64_t last = second - 1;
    while ((node & 1U) != 0) {
        node >>= 1U;
        last >>= 1U;
    }
    crypto::Digest one = complete ? first_root : proof.front();
    crypto::Digest two = one;
    for (std::size_t i = complete ? 0 : 1; i < proof.size(); ++i) {
        if (last == 0) {
            return false;
        }
        if ((node & 1U) != 0 || node == last) {
            one = node_hash(proof[i], one);
            two = node_hash(proof[i], two);
            while ((node & 1U) == 0 && node != 0) {
                node >>= 1U;
                last >>= 1U;
            }
        } else {
            two = node_hash(two, proof[i]);
        }
        node >>= 1U;
        last >>= 1U;
    }
    return last == 0 && one == first_root && two == second_root;
}

}  // namespace countersign::audit
