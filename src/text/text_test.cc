#include <boost/json.hpp>
#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <random>
#include <sstream>

#include "text/encoding.h"
#include "text/glob.h"
#include "text/json.h"
#include "text/number.h"
#include "text/utf8.h"

namespace countersign::text {
namespace {

std::string slurp(const std::filesystem::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

TEST(Utf8, RefusesWhatRfc3629Refuses) {
    for (const char* bad :
         {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80", "\xFF"}) {
        EXPECT_TRUE(invalid_utf8_at(bad).has_value()) << visible(bad);
    }
    EXPECT_FALSE(invalid_utf8_at("grüße €\U0001F512").has_value());
}

TEST(Utf8, Bypass17HiddenCharactersAreShown) {
    EXPECT_EQ(visible("rm \u202E/ x"), "rm \\u{202E}/ x");
    EXPECT_EQ(visible("ls\u200B -l\x1B[8m"), "ls\\u{200B} -l\\u{1B}[8m");
    EXPECT_EQ(visible("a\nb\t\xFF"), "a\\nb\\t\\xFF");
    EXPECT_EQ(visible(std::string(5000, 'x'), 10), "xxxxxxxxxx...");
}

TEST(Encoding, Base64IsStrict) {
    EXPECT_EQ(from_base64("aGk="), "hi");
    EXPECT_EQ(from_base64("aGl="), std::nullopt);
    EXPECT_EQ(from_base64("aGk"), std::nullopt);
    EXPECT_EQ(from_base64("aG k="), std::nullopt);
    EXPECT_EQ(from_base64("a=k="), std::nullopt);
    EXPECT_EQ(from_hex("00ff"), std::string("\0\xFF", 2));
    EXPECT_EQ(from_hex("00FF"), std::nullopt);
}

TEST(Encoding, RoundTrips) {
    std::mt19937 random(20261124);
    for (int i = 0; i < 2000; ++i) {
        std::string bytes(random() % 40, '\0');
        for (char& c : bytes) {
            c = static_cast<char>(random());
        }
        EXPECT_EQ(from_base64(to_base64(bytes_of(bytes))), bytes);
        EXPECT_EQ(from_hex(to_hex(bytes_of(bytes))), bytes);
    }
}

TEST(Json, RefusesLooseDocuments) {
    for (const char* bad : {"", "{", "{} {}", "{\"a\":1,}", "[1 2]", "{\"a\":1,\"a\":2}", "nan",
                            "01", "'x'", "{\"a\":{\"b\":1,\"b\":1}}", "\"\xFF\""}) {
        EXPECT_FALSE(parse_json(bad, 1024).ok()) << bad;
    }
    EXPECT_TRUE(parse_json(" {\"a\": [1, 2.5, null]} ", 1024).ok());
    EXPECT_EQ(parse_json("[1,2,3]", 3).error().code, ErrorCode::LimitExceeded);
    EXPECT_EQ(parse_json(std::string(100, '['), 1024).error().code, ErrorCode::LimitExceeded);
}

TEST(Json, CanonicalFormFollowsRfc8785Vectors) {
    const std::filesystem::path vectors =
        std::filesystem::path(COUNTERSIGN_DATA_DIR) / "vectors/jcs";
    if (!std::filesystem::exists(vectors)) {
        GTEST_SKIP() << "the vectors are absent: " << vectors;
    }
    int checked = 0;
    for (const auto& entry : std::filesystem::directory_iterator(vectors / "input")) {
        const auto value = parse_json(slurp(entry.path()), 1 << 20);
        ASSERT_TRUE(value.ok()) << entry.path() << value.error().message;
        const auto canonical = canonical_json(*value);
        ASSERT_TRUE(canonical.ok());
        EXPECT_EQ(*canonical, slurp(vectors / "output" / entry.path().filename())) << entry.path();
        ++checked;
    }
    EXPECT_GE(checked, 6);
}

TEST(Json, EachByteIsWrittenTheSameWayAtEachPlace) {
    // RFC 8785 section 3.2.2.2.
    const auto written = [](char c) -> std::string {
        switch (c) {
            case '"':
                return "\\\"";
            case '\\':
                return "\\\\";
            case '\b':
                return "\\b";
            case '\f':
                return "\\f";
            case '\n':
                return "\\n";
            case '\r':
                return "\\r";
            case '\t':
                return "\\t";
            default:
                break;
        }
        constexpr std::string_view kHex = "0123456789abcdef";
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 ? std::string(1, c)
                            : std::string("\\u00") + kHex[byte >> 4U] + kHex[byte & 0xFU];
    };
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        for (std::size_t before = 0; before < 18; ++before) {
            for (std::size_t after = 0; after < 10; ++after) {
                std::string out;
                append_json_string(out, std::string(before, 'a') + c + std::string(after, '\x7f'));
                EXPECT_EQ(out, '"' + std::string(before, 'a') + written(c) +
                                   std::string(after, '\x7f') + '"')
                    << byte;
            }
        }
    }
}

TEST(Json, CanonicalNumbers) {
    const auto value =
        parse_json("[0,-0.0,1e21,1e-7,123456789012,0.000001,1.5e300,100,333333333.33333329]", 1024);
    ASSERT_TRUE(value.ok());
    EXPECT_EQ(*canonical_json(*value),
              "[0,0,1e+21,1e-7,123456789012,0.000001,1.5e+300,100,333333333.3333333]");
}

TEST(Json, ReaderRefusesUnknownMembers) {
    const auto value = parse_json(R"({"a":"x","b":2,"c":true})", 1024);
    ObjectReader reader(*value, "thing");
    EXPECT_EQ(reader.string("a", 10), "x");
    EXPECT_EQ(reader.integer("b", 0, 5), 2);
    EXPECT_THAT(reader.finish().error().message, testing::HasSubstr("unknown member \"c\""));
}

TEST(Json, ReaderReportsTheFirstFailure) {
    const auto value = parse_json(R"({"a":7})", 1024);
    ObjectReader reader(*value, "thing");
    EXPECT_EQ(reader.string("a", 10), "");
    EXPECT_EQ(reader.string("z", 10), "");
    EXPECT_EQ(reader.finish().error().message, "thing: \"a\" must be a string");
}

struct GlobCase {
    const char* pattern;
    const char* text;
    GlobStars stars;
    bool matches;
};

TEST(Glob, Table) {
    constexpr auto cross = GlobStars::CrossSlash;
    constexpr auto stop = GlobStars::StopAtSlash;
    const GlobCase cases[] = {
        {"git *", "git status", cross, true}, {"git *", "git", cross, false},
        {"*.c", "a/b.c", cross, true},        {"*.c", "a/b.c", stop, false},
        {"**/*.c", "a/b/c.c", stop, true},    {"/w/**", "/w/a/b", stop, true},
        {"/w/*", "/w/a/b", stop, false},      {"/w/*/x/**/y", "/w/a/x/b/c/y", stop, true},
        {"a?c", "abc", cross, true},          {"a?c", "a/c", stop, false},
        {"[a-c]x", "bx", cross, true},        {"[!a-c]x", "bx", cross, false},
        {"[]]x", "]x", cross, true},          {"[a", "a", cross, false},
        {"a\\*", "a*", cross, true},          {"a\\*", "ab", cross, false},
        {"a\\", "a\\", cross, false},         {"*a*b*c", "xxaxxbxxc", cross, true},
        {"**a*/b", "x/a/ay/b", stop, true},   {"", "", cross, true},
    };
    for (const GlobCase& c : cases) {
        EXPECT_EQ(glob_match(c.pattern, c.text, c.stars), c.matches)
            << c.pattern << " ~ " << c.text;
    }
}

TEST(Glob, HostilePatternEndsSoon) {
    std::string pattern;
    for (int i = 0; i < 1000; ++i) {
        pattern += "*a";
    }
    EXPECT_FALSE(glob_match(pattern + "b", std::string(4000, 'a'), GlobStars::CrossSlash));
}

TEST(Number, WholeTextOrNothing) {
    EXPECT_EQ(parse_integer("42", 0, 100), 42);
    EXPECT_EQ(parse_integer("-5", -10, 0), -5);
    for (const char* bad :
         {"", "-", "-0", "042", "+1", "1x", " 1", "101", "99999999999999999999"}) {
        EXPECT_EQ(parse_integer(bad, -100, 100), std::nullopt) << bad;
    }
}

}  // namespace
}  // namespace countersign::text
