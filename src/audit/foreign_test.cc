// Logs that are not as this version would leave them: of a newer version, of nobody, on a disk that
// takes no writes.
#include "audit/export.h"
#include "audit/test_log.h"

namespace countersign::audit {
namespace {

using ForeignTest = LogTest;

constexpr std::string_view kSegment = "/log/segments/00000000000000000000.jsonl";

TEST_F(ForeignTest, ARecordOfANewerVersionIsVerifiedAndShownRaw) {
    auto log = open(1'000'000);
    fill(*log, 3);
    log.reset();
    // No checkpoint covers it yet, so a newer version may as well have written this.
    std::string& segment = files_.contents()[std::string(kSegment)];
    const std::size_t type = segment.rfind("\"alert\"");
    ASSERT_NE(type, std::string::npos);
    segment.replace(type, 7, "\"omens\"");
    log = open(1'000'000);
    ASSERT_NE(log, nullptr);
    fill(*log, 2);
    ASSERT_TRUE(log->checkpoint().ok());
    const VerifyReport report = verify();
    EXPECT_TRUE(report.ok()) << report_text(report);
    EXPECT_EQ(report.unknown_types, 1U);
    EXPECT_EQ(report.by_type.at("omens"), 1U);
    const std::string line = log->read(2).take();
    EXPECT_EQ(read_record(line)->type, "omens");
    EXPECT_NE(line.find("number 2"), std::string::npos);
    std::string exported;
    const auto lines =
        export_log(files_, "/log", {}, [&exported](std::string_view text) -> Result<void> {
            exported += text;
            return {};
        });
    ASSERT_TRUE(lines.ok()) << lines.error().message;
    EXPECT_NE(exported.find("omens"), std::string::npos);
    // Known or not, nobody changes it unseen.
    log.reset();
    std::string& whole = files_.contents()[std::string(kSegment)];
    whole.replace(whole.find("omens"), 5, "omenz");
    EXPECT_FALSE(verify().ok());
}

TEST_F(ForeignTest, ADirectoryThatIsNoLogIsNotVerified) {
    ASSERT_TRUE(files_.create_directory("/log").ok());
    ASSERT_TRUE(files_.write("/log/letters.txt", "dear").ok());
    const auto report = verify_log(files_, "/log", {});
    ASSERT_FALSE(report.ok());
    EXPECT_EQ(report.error().code, ErrorCode::NotFound);
    EXPECT_EQ(files_.contents().at("/log/letters.txt"), "dear");
}

TEST_F(ForeignTest, ASegmentThatIsNoneStopsTheStartAndIsNamed) {
    auto log = open(1'000'000);
    fill(*log, 3);
    ASSERT_TRUE(log->checkpoint().ok());
    log.reset();
    for (const std::string& content :
         {std::string("dear\n"), std::string("{}\n{}\n"), std::string(100, '\0'), std::string()}) {
        files_.contents()[std::string(kSegment)] = content;
        EXPECT_FALSE(try_open(1'000'000).ok()) << content;
        const VerifyReport report = verify();
        ASSERT_FALSE(report.ok()) << content;
        EXPECT_FALSE(report.fault->where.empty());
        EXPECT_EQ(files_.contents()[std::string(kSegment)], content) << "it was left as found";
    }
}

TEST_F(ForeignTest, OnADiskThatTakesNoWritesNothingIsAcknowledgedNorLost) {
    auto log = open(1'000'000);
    fill(*log, 3);
    ASSERT_TRUE(log->checkpoint().ok());
    files_.fail_call(1, MemoryFiles::Failure::Clean, MemoryFiles::Repeat::Sticky);
    ASSERT_TRUE(log->append(alert("lost")).ok());
    EXPECT_EQ(log->commit().error().code, ErrorCode::Io);
    EXPECT_FALSE(log->trouble().empty());
    EXPECT_FALSE(log->append(alert("refused")).ok());
    EXPECT_FALSE(log->heal().ok());
    EXPECT_EQ(log->durable_size(), 3U);
    EXPECT_TRUE(verify().ok());
    EXPECT_TRUE(log->read(2).ok());
    files_.fail_call(0, MemoryFiles::Failure::Clean);
    ASSERT_TRUE(log->heal().ok());
    fill(*log, 1);
    EXPECT_EQ(verify().records, 4U);
}

}  // namespace
}  // namespace countersign::audit
