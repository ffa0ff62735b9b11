// The one-pass reader against the exact comparison: parse and print again.
#include "audit/canonical_reader.h"

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>

#include "base/limits.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

using Verdict = CanonicalReader::Verdict;

bool exactly_canonical(std::string_view text) {
    const auto value = text::parse_json(text, limits::kRecordBytesMax);
    if (!value.ok()) {
        return false;
    }
    const auto printed = text::canonical_json(value.value());
    return printed.ok() && printed.value() == text;
}

/// Canonical must be true; what is canonical must never be called malformed.
void check(CanonicalReader& reader, const std::string& text) {
    const Verdict verdict = reader.read(text);
    const bool canonical = exactly_canonical(text);
    if (verdict == Verdict::Canonical) {
        EXPECT_TRUE(canonical) << text;
    }
    if (verdict == Verdict::Malformed) {
        EXPECT_FALSE(canonical) << text;
    }
}

const std::vector<std::string> kDocuments = {
    R"({"a":1,"b":[true,false,null,"x"],"c":{"d":"e\n\u0001","f":-7}})",
    R"({"action":"a-1","excluded":["é","\"q\""],"latency_us":123456789012345,"z":{}})",
    R"([[],{},"",0,-1,999999999999999,9007199254740992,1e+30,0.5])",
    R"({"é":1,"😀":2,"\n":3})",
    R"("text")",
    R"(-5)"};

TEST(CanonicalReader, AgreesWithTheExactComparisonOnChangedDocuments) {
    CanonicalReader reader;
    const unsigned seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    constexpr std::string_view kPieces = "{}[]\",:\\u0019-+.eEtrfalsn \n\x01\xC3\xA9\xFF";
    for (const std::string& document : kDocuments) {
        check(reader, document);
        for (int round = 0; round < 4000; ++round) {
            std::string changed = document;
            for (unsigned i = 0; i < 1 + random() % 3; ++i) {
                const std::size_t at = random() % changed.size();
                const char piece = kPieces[random() % kPieces.size()];
                switch (random() % 4) {
                    case 0:
                        changed[at] = piece;
                        break;
                    case 1:
                        changed.insert(at, 1, piece);
                        break;
                    case 2:
                        changed.erase(at, changed.size() > 1 ? 1 : 0);
                        break;
                    default:
                        std::swap(changed[at], changed[random() % changed.size()]);
                }
            }
            check(reader, changed);
        }
    }
}

TEST(CanonicalReader, IsSureOfWhatRecordsHold) {
    CanonicalReader reader;
    EXPECT_EQ(reader.read(kDocuments[0]), Verdict::Canonical);
    EXPECT_EQ(reader.read(kDocuments[1]), Verdict::Canonical);
    EXPECT_EQ(reader.read(kDocuments[3]), Verdict::Unsure);
    for (const char* wrong :
         {R"({"b":1,"a":2})", R"({"a":1,"a":1})", R"({"a": 1})", R"("\u000a")", R"("\/")",
          R"("\u001F")", R"(01)", R"(-0)", R"("\u0041")", R"({"a":1}x)", "\"\x01\"", "", "[1,]"}) {
        EXPECT_EQ(reader.read(wrong), Verdict::Malformed) << wrong;
        EXPECT_FALSE(reader.root().exists());
    }
}

TEST(CanonicalReader, NestingIsBounded) {
    CanonicalReader reader;
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '[') + std::string(depth, ']');
    };
    EXPECT_EQ(reader.read(nested(limits::kJsonDepthMax)), Verdict::Canonical);
    EXPECT_EQ(reader.read(nested(limits::kJsonDepthMax + 1)), Verdict::Malformed);
    EXPECT_EQ(reader.read(std::string(1'000'000, '[')), Verdict::Malformed);
    EXPECT_TRUE(exactly_canonical(nested(limits::kJsonDepthMax)));
}

TEST(CanonicalReader, GivesMembersElementsAndTexts) {
    CanonicalReader reader;
    ASSERT_EQ(reader.read(kDocuments[0]), Verdict::Canonical);
    const auto root = reader.root();
    EXPECT_EQ(root.member("a").integer_or(0), 1);
    EXPECT_EQ(root.member("c").member("f").integer_or(0), -7);
    EXPECT_EQ(root.member("c").member("d").text(), R"(e\n\u0001)");
    EXPECT_EQ(root.member("b").raw(), R"([true,false,null,"x"])");
    EXPECT_FALSE(root.member("d").exists());
    EXPECT_EQ(root.member("d").member("e").text(), "");
    std::string kinds;
    root.member("b").each([&](CanonicalReader::Value element) {
        kinds += std::to_string(static_cast<int>(element.raw().size())) + " ";
    });
    EXPECT_EQ(kinds, "4 5 4 3 ");
}

TEST(CanonicalReader, AcceptsEveryVectorOfRfc8785) {
    const auto folder = std::filesystem::path(COUNTERSIGN_DATA_DIR) / "vectors/jcs/outhex";
    if (!std::filesystem::exists(folder)) {
        GTEST_SKIP() << folder << " is absent";
    }
    CanonicalReader reader;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(entry.path());
        std::string document;
        for (std::string byte; in >> byte;) {
            document += static_cast<char>(std::strtol(byte.c_str(), nullptr, 16));
        }
        EXPECT_NE(reader.read(document), Verdict::Malformed) << entry.path();
        EXPECT_TRUE(exactly_canonical(document)) << entry.path();
    }
}

}  // namespace
}  // namespace countersign::audit
