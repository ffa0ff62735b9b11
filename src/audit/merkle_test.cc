#include "audit/merkle.h"

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

#include "text/encoding.h"

namespace countersign::audit {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

/// RFC 6962's definitions, word by word and slow: the model that the fast code is held against.
crypto::Digest naive_root(const std::vector<crypto::Digest>& leaves, std::size_t begin,
                          std::size_t end) {
    if (begin == end) {
        return crypto::sha256("");
    }
    if (end - begin == 1) {
        return leaves[begin];
    }
    std::size_t k = 1;
    while (2 * k < end - begin) {
        k *= 2;
    }
    return node_hash(naive_root(leaves, begin, begin + k), naive_root(leaves, begin + k, end));
}

std::vector<crypto::Digest> some_leaves(std::size_t count) {
    std::vector<crypto::Digest> leaves;
    for (std::size_t i = 0; i < count; ++i) {
        leaves.push_back(leaf_hash("entry " + std::to_string(i)));
    }
    return leaves;
}

SubtreeHash subtrees_of(const std::vector<crypto::Digest>& leaves) {
    return [&leaves](std::uint64_t level, std::uint64_t index) -> Result<crypto::Digest> {
        const std::size_t begin = index << level;
        return naive_root(leaves, begin, begin + (std::size_t{1} << level));
    };
}

constexpr std::size_t kTreeMax = 40;

TEST(Merkle, FrontierAgreesWithTheDefinition) {
    const auto leaves = some_leaves(kTreeMax);
    MerkleFrontier frontier;
    for (std::size_t size = 0; size <= kTreeMax; ++size) {
        EXPECT_EQ(frontier.root(), naive_root(leaves, 0, size)) << size;
        EXPECT_EQ(tree_root(size, subtrees_of(leaves)).take(), frontier.root()) << size;
        const auto resumed = MerkleFrontier::resume(size, frontier.peaks());
        ASSERT_TRUE(resumed.has_value());
        EXPECT_EQ(resumed->root(), frontier.root());
        if (size < kTreeMax) {
            frontier.add(leaves[size]);
        }
    }
    EXPECT_EQ(MerkleFrontier::resume(3, {}), std::nullopt);
}

TEST(Merkle, EveryInclusionProofVerifiesAndNoChangedOneDoes) {
    const auto leaves = some_leaves(kTreeMax);
    for (std::size_t size = 1; size <= kTreeMax; ++size) {
        const crypto::Digest root = naive_root(leaves, 0, size);
        for (std::size_t index = 0; index < size; ++index) {
            auto proof = inclusion_proof(index, size, subtrees_of(leaves)).take();
            EXPECT_TRUE(verify_inclusion(index, size, leaves[index], proof, root));
            EXPECT_FALSE(verify_inclusion(index + 1, size, leaves[index], proof, root));
            EXPECT_FALSE(verify_inclusion(index, size, root, proof, leaves[index]) && size > 1);
            proof.push_back(root);
            EXPECT_FALSE(verify_inclusion(index, size, leaves[index], proof, root));
        }
    }
    EXPECT_FALSE(inclusion_proof(5, 5, subtrees_of(leaves)).ok());
}

TEST(Merkle, EveryConsistencyProofVerifiesAndNoChangedOneDoes) {
    const auto leaves = some_leaves(kTreeMax);
    for (std::size_t second = 1; second <= kTreeMax; ++second) {
        const crypto::Digest second_root = naive_root(leaves, 0, second);
        for (std::size_t first = 1; first <= second; ++first) {
            const crypto::Digest first_root = naive_root(leaves, 0, first);
            auto proof = consistency_proof(first, second, subtrees_of(leaves)).take();
            EXPECT_TRUE(verify_consistency(first, second, first_root, second_root, proof));
            if (first != second) {
                EXPECT_FALSE(verify_consistency(first, second, second_root, second_root, proof));
                EXPECT_FALSE(verify_consistency(first, second, first_root, first_root, proof));
                proof.pop_back();
                EXPECT_FALSE(verify_consistency(first, second, first_root, second_root, proof));
            }
        }
    }
}

// --- Vectors of transparency-dev/merkle -------------------------------------------------------

std::vector<fs::path> vectors(const char* kind) {
    std::vector<fs::path> out;
    const fs::path top = fs::path(COUNTERSIGN_DATA_DIR) / "vectors/merkle" / kind;
    if (fs::exists(top)) {
        for (const auto& entry : fs::recursive_directory_iterator(top)) {
            if (entry.path().extension() == ".json") {
                out.push_back(entry.path());
            }
        }
    }
    return out;
}

json::object load(const fs::path& path) {
    std::ifstream in(path);
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    return json::parse(text).as_object();
}

/// A hash of the wrong length stands in some vectors; such input is refused before verification.
std::optional<crypto::Digest> digest(const json::value& value) {
    const auto bytes = text::from_base64(std::string_view(value.as_string()));
    return bytes ? crypto::Digest::from_bytes(*bytes) : std::nullopt;
}

std::optional<crypto::Digest> root_or_word(const json::value& value) {
    const auto root = digest(value);
    return root ? root : crypto::sha256(std::string_view(value.as_string()));
}

std::optional<std::vector<crypto::Digest>> proof_of(const json::object& vector) {
    std::vector<crypto::Digest> proof;
    if (!vector.at("proof").is_null()) {
        for (const json::value& element : vector.at("proof").as_array()) {
            const auto hash = digest(element);
            if (!hash) {
                return std::nullopt;
            }
            proof.push_back(*hash);
        }
    }
    return proof;
}

std::uint64_t number(const json::value& value) {
    return value.to_number<std::uint64_t>();
}

TEST(MerkleVectors, Inclusion) {
    const auto files = vectors("inclusion");
    if (files.empty()) {
        GTEST_SKIP() << "the shared vectors are absent";
    }
    for (const fs::path& path : files) {
        const json::object vector = load(path);
        const auto leaf = digest(vector.at("leafHash"));
        const auto root = digest(vector.at("root"));
        const auto proof = proof_of(vector);
        const bool good = leaf && root && proof &&
                          verify_inclusion(number(vector.at("leafIdx")),
                                           number(vector.at("treeSize")), *leaf, *proof, *root);
        EXPECT_EQ(good, !vector.at("wantErr").as_bool()) << path;
    }
    std::printf("%zu inclusion vectors\n", files.size());
}

TEST(MerkleVectors, Consistency) {
    const auto files = vectors("consistency");
    if (files.empty()) {
        GTEST_SKIP() << "the shared vectors are absent";
    }
    for (const fs::path& path : files) {
        const json::object vector = load(path);
        // Some vectors have short words as roots; hashed, they stay equal or different.
        const auto first = root_or_word(vector.at("root1"));
        const auto second = root_or_word(vector.at("root2"));
        const auto proof = proof_of(vector);
        const bool good = first && second && proof &&
                          verify_consistency(number(vector.at("size1")), number(vector.at("size2")),
                                             *first, *second, *proof);
        EXPECT_EQ(good, !vector.at("wantErr").as_bool()) << path;
    }
    std::printf("%zu consistency vectors\n", files.size());
}

}  // namespace
}  // namespace countersign::audit
