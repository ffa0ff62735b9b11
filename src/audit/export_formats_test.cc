// What collectors read: each format's own rules, and texts that try to break out of their field.
#include "audit/export_formats.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <regex.h>

#include "crypto/digest.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

namespace json = boost::json;

constexpr const char* kNasty = "echo \"a,b\" | x=1 \\ ] \r\n<0>1 CEF:0|\xC3\xA9";

ReadRecord read(const Record& record, std::uint64_t seq = 7) {
    ReadRecord out;
    out.seq = seq;
    out.time = Instant{1'800'000'000'123'456};
    out.type = std::string(record_type_name(record.type));
    out.body = record.body;
    return out;
}

Record decision(const std::string& text, model::Decision decided = model::Decision::Deny) {
    model::ActionRequest request;
    request.action.text = text;
    request.context.session = "s-1";
    request.context.agent.type = "coding";
    request.context.principal = "ann";
    model::Verdict verdict;
    verdict.decision = decided;
    verdict.assessment.tier = model::Tier::Irreversible;
    verdict.assessment.risk = 86;
    verdict.policy = "p";
    verdict.reason = "=cmd|' /C calc'!A0";
    return to_record(
        DecisionRecord{"a-1", "d", &request, &verdict, ReleaseMode::Never, "policy", {}, 1});
}

const ExportSource kSource{"test.example/log", "desk", "1.2"};

std::string make(ExportFormat format, const Record& record) {
    auto line = export_record(format, read(record), kSource);
    EXPECT_TRUE(line.ok()) << (line.ok() ? "" : line.error().message);
    return line.ok() ? line.take() : "";
}

json::value make_json(ExportFormat format, const Record& record) {
    const std::string line = make(format, record);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    return text::parse_json(line.substr(0, line.size() - 1), 1'000'000).take();
}

/// The cells of a CSV row as RFC 4180 reads them.
std::vector<std::string> cells(const std::string& row) {
    std::vector<std::string> out(1);
    bool quoted = false;
    for (std::size_t i = 0; i + 2 < row.size(); ++i) {
        if (row[i] == '"') {
            if (quoted && row[i + 1] == '"') {
                out.back() += '"';
                ++i;
            } else {
                quoted = !quoted;
            }
        } else if (row[i] == ',' && !quoted) {
            out.emplace_back();
        } else {
            out.back() += row[i];
        }
    }
    return out;
}

TEST(ExportFormats, CsvKeepsTextsInTheirCellsAndFormulasAreText) {
    const std::string row = make(ExportFormat::Csv, decision(kNasty));
    EXPECT_TRUE(row.ends_with("\r\n"));
    const auto header = cells(export_header(ExportFormat::Csv));
    const auto values = cells(row);
    ASSERT_EQ(values.size(), header.size());
    EXPECT_EQ(values[8], kNasty);
    EXPECT_EQ(values.back().front(), '\'');
    EXPECT_EQ(values[9], "deny");
    EXPECT_EQ(values[11], "86");
}

TEST(ExportFormats, CefEscapesHeaderAndExtension) {
    const std::string line = make(ExportFormat::Cef, decision(kNasty));
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    EXPECT_EQ(line.find('\r'), std::string::npos);
    EXPECT_TRUE(line.starts_with("CEF:0|Countersign|countersign|1.2|decision|decision deny|7|"));
    EXPECT_NE(line.find(" request=echo \"a,b\" | x\\=1 \\\\ ] \\r\\n<0>1 CEF:0|"),
              std::string::npos);
    EXPECT_NE(line.find("cs1Label=session cs1=s-1"), std::string::npos);
    EXPECT_NE(line.find("rt=1800000000123 externalId=7"), std::string::npos);
}

TEST(ExportFormats, SyslogIsOneLineOfRfc5424) {
    regex_t pattern;
    ASSERT_EQ(regcomp(&pattern,
                      "^<1[0-9][0-9]>1 [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}\\.[0-9]{6}Z [!-~]+ "
                      "countersign - [!-~]{1,32} \\[countersign@32473( [a-zA-Z]+=\""
                      "([^]\"\\\\]|\\\\[]\"\\\\])*\")+\\] ",
                      REG_EXTENDED | REG_NOSUB),
              0);
    for (const Record& record : {decision(kNasty), to_record(Alert{"k", "]\"\\", kNasty}),
                                 to_record(SignInFailure{"vote", "e\nve\"]", "r"})}) {
        const std::string line = make(ExportFormat::Syslog, record);
        EXPECT_EQ(regexec(&pattern, line.c_str(), 0, nullptr, 0), 0) << line;
        EXPECT_EQ(line.find('\n'), line.size() - 1) << line;
    }
    regfree(&pattern);
}

TEST(ExportFormats, OcsfHasWhatItsClassesRequire) {
    struct Case {
        Record record;
        int class_uid;
        std::vector<const char*> members;
    };
    const model::Outcome outcome;
    const std::vector<Case> cases = {
        {decision(kNasty), 1007, {"actor", "device", "process"}},
        {to_record(OutcomeRecord{"a-1", "s-1", &outcome}), 1007, {"actor", "device", "process"}},
        {session_start_record(model::Session{}), 3002, {"user", "service"}},
        {to_record(SignInFailure{"vote", "eve", "r"}), 3002, {"user", "service"}},
        {freeze_record({"ann", "r"}), 6003, {"actor", "api", "src_endpoint"}}};
    for (const Case& one : cases) {
        const json::value event = make_json(ExportFormat::Ocsf, one.record);
        const json::object& members = event.as_object();
        for (const char* name : {"activity_id", "category_uid", "class_uid", "metadata",
                                 "severity_id", "time", "type_uid"}) {
            EXPECT_TRUE(members.contains(name)) << name;
        }
        for (const char* name : one.members) {
            EXPECT_TRUE(members.contains(name)) << name;
        }
        EXPECT_EQ(members.at("class_uid").to_number<int>(), one.class_uid);
        EXPECT_EQ(members.at("type_uid").to_number<int>(),
                  one.class_uid * 100 + members.at("activity_id").to_number<int>());
        EXPECT_EQ(members.at("category_uid").to_number<int>(), one.class_uid / 1000);
        EXPECT_EQ(members.at("metadata").at("version").as_string(), "1.3.0");
    }
    EXPECT_EQ(make_json(ExportFormat::Ocsf, decision(kNasty)).at("process").at("cmd_line"), kNasty);
}

TEST(ExportFormats, OtlpIsARequestOfOneRecord) {
    const json::value request = make_json(ExportFormat::Otlp, decision(kNasty));
    const json::value& scope = request.at("resourceLogs").at(0).at("scopeLogs").at(0);
    const json::value& record = scope.at("logRecords").at(0);
    EXPECT_EQ(record.at("timeUnixNano"), "1800000000123456000");
    EXPECT_EQ(record.at("severityNumber").to_number<int>(), 17);
    EXPECT_EQ(record.at("body").at("stringValue").as_string(), "decision: " + std::string(kNasty));
    EXPECT_EQ(record.at("attributes").at(0).at("value").at("intValue"), "7");
}

TEST(ExportFormats, TypesOfANewerVersionComeOut) {
    ReadRecord record = read(to_record(Alert{"k", "s", "m"}));
    record.type = "from_the_future";
    record.body = R"({"x":[1,{"session":5}]})";
    for (const auto format : {ExportFormat::Csv, ExportFormat::Cef, ExportFormat::Ocsf,
                              ExportFormat::Otlp, ExportFormat::Syslog}) {
        const auto line = export_record(format, record, kSource);
        ASSERT_TRUE(line.ok());
        EXPECT_NE(line->find("from_the_future"), std::string::npos);
    }
    EXPECT_FALSE(export_record(ExportFormat::Jsonl, record, kSource).ok());
}

}  // namespace
}  // namespace countersign::audit
