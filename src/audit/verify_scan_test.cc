#include "audit/verify_scan.h"

#include <gtest/gtest.h>

#include "audit/records.h"

namespace countersign::audit {
namespace {

/// Records of different lengths, some hundred kilobytes: many pieces of a scan.
std::string many_lines(std::size_t count) {
    std::string text;
    Envelope envelope;
    envelope.type = "alert";
    for (std::size_t i = 0; i < count; ++i) {
        const std::string body = R"({"kind":"k","message":")" + std::string(i * 7919 % 3000, 'x') +
                                 R"(","subject":"s"})";
        envelope.body = body;
        envelope.seq = i;
        text += print_envelope(envelope) + "\n";
    }
    return text;
}

TEST(LineScan, EveryLineOnceInOrderWhoeverScansIt) {
    const std::string text = many_lines(2000) + "half a line";
    for (const unsigned threads : {0U, 1U, 2U, 5U}) {
        LineScan scan(text, threads);
        std::uint64_t next = 0;
        while (const ScannedLine* line = scan.next()) {
            ASSERT_TRUE(line->apart) << line->problem;
            ASSERT_EQ(line->envelope.seq, next++);
            ASSERT_EQ(line->problem, "");
            ASSERT_EQ(line->type, RecordType::Alert);
        }
        EXPECT_EQ(next, 2000U);
        EXPECT_EQ(scan.rest(), "half a line");
    }
}

TEST(LineScan, ReaderMayStopAnywhere) {
    const std::string text = many_lines(1500);
    for (std::size_t stop = 0; stop < 1500; stop += 149) {
        LineScan scan(text, 3);
        for (std::size_t i = 0; i < stop; ++i) {
            ASSERT_NE(scan.next(), nullptr);
        }
    }
}

TEST(LineScan, ARoomThatIsUsedAgainKeepsNothing) {
    // A room holds a long piece first, then a short one.
    const std::string text = many_lines(1200) + "not a record\n";
    LineScan scan(text, 2);
    std::size_t bad = 0;
    while (const ScannedLine* line = scan.next()) {
        bad += line->apart ? 0 : 1;
        EXPECT_EQ(line->problem.empty(), line->apart);
    }
    EXPECT_EQ(bad, 1U);
}

TEST(Envelope, TheBodyMayHoldTheWordsOfTheTail) {
    Envelope envelope;
    envelope.type = "alert";
    envelope.body = R"({"a":",\"prev\":\"00\",\"seq\":1,\"time\":\"x\",\"type\":\"y\",\"v\":1}"})";
    envelope.seq = 12;
    const std::string line = print_envelope(envelope);
    const auto back = parse_envelope(line);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(back->body, envelope.body);
    EXPECT_EQ(back->seq, 12U);
    // No end of a line is a record.
    for (std::size_t i = 1; i <= line.size(); ++i) {
        EXPECT_FALSE(parse_envelope(line.substr(i)).ok()) << i;
        EXPECT_FALSE(parse_envelope(line.substr(0, line.size() - i)).ok()) << i;
    }
}

}  // namespace
}  // namespace countersign::audit
