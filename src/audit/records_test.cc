// docs/formats/record.md names every type and every member that a record has; nothing else counts.
#include "audit/records.h"

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <gtest/gtest.h>

#include "audit/record_facts.h"
#include "crypto/digest.h"
#include "text/json.h"

namespace countersign::audit {
namespace {

std::string page() {
    std::ifstream in(std::string(COUNTERSIGN_SOURCE_DIR) + "/docs/formats/record.md");
    return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Record> one_of_each() {
    model::ActionRequest request;
    request.action.text = "ls \xFF";
    request.context.directory = "/w";
    model::Verdict verdict;
    model::Outcome outcome;
    DecisionRecord decision{"a-1", "d", &request, &verdict, ReleaseMode::Never, "policy", {}, 1};
    return {to_record(GatewayStart{"1", "c", "p", "h"}),
            to_record(GatewayStop{"r"}),
            to_record(ConfigurationChange{"policy", "d", "ann", "c"}),
            session_start_record(model::Session{}),
            to_record(SessionEnd{"s-1", model::SessionState::Ended, "ann", "r"}),
            to_record(ApproverChange{ApproverChange::Change::Removed, "ann", "k", "bob"}),
            to_record(decision),
            vote_record(model::Vote{}, "k"),
            to_record(ReleaseRecord{"a-1", "d", "s-1", "ann", {"ann"}, 1}),
            to_record(Refusal{"a-1", "d", "s-1", "denied", "ann", "r", 1}),
            to_record(OutcomeRecord{"a-1", "s-1", &outcome}),
            to_record(Observation{"s-1", "README", "d", 1, {"f"}}),
            to_record(RuleChange{RuleChange::Change::Added, model::Rule{}, "ann", "r"}),
            to_record(Review{"r-1", "keep", std::nullopt, "ann", "r"}),
            freeze_record({"ann", "r"}),
            thaw_record({"ann", "r"}),
            to_record(IncidentStep{"i-1", "s-1", "started", "ann", "d", 1}),
            to_record(SignInFailure{"operator", "eve", "r"}),
            to_record(Alert{"k", "s", "m\x01"}),
            to_record(RecordingChunk{"s-1", 0, 1, "d"})};
}

TEST(Records, BodiesAreCanonicalAndDescribed) {
    const std::string described = page();
    for (const Record& record : one_of_each()) {
        const std::string type(record_type_name(record.type));
        const auto value = text::parse_json(record.body, 1'000'000);
        ASSERT_TRUE(value.ok()) << type << " " << record.body;
        EXPECT_EQ(text::canonical_json(value.value()).take(), record.body) << type;
        EXPECT_NE(described.find("`" + type + "`"), std::string::npos) << type;
        std::vector<std::string> names;
        for (const auto& member : value->as_object()) {
            names.emplace_back(member.key());
        }
        std::sort(names.begin(), names.end());
        const auto checked = record_members(record.type);
        EXPECT_TRUE(std::equal(names.begin(), names.end(), checked.begin(), checked.end())) << type;
        for (const auto& member : value->as_object()) {
            const std::string name(member.key());
            EXPECT_NE(described.find("`" + name + "`"), std::string::npos) << type << "." << name;
        }
    }
    for (const std::string_view type : kRecordTypeNames) {
        EXPECT_NE(described.find("`" + std::string(type) + "`"), std::string::npos) << type;
    }
}

TEST(Records, LinesReadBack) {
    const auto read = read_record(
        "{\"body\":{\"prev\":\"x\",\"seq\":1},\"prev\":\"" + std::string(64, '0') +
        "\",\"seq\":7,\"time\":\"2026-11-24T05:22:26.000000Z\",\"type\":\"alert\",\"v\":1}");
    ASSERT_TRUE(read.ok()) << read.error().message;
    EXPECT_EQ(read->seq, 7U);
    EXPECT_EQ(read->type, "alert");
    EXPECT_EQ(read->body, "{\"prev\":\"x\",\"seq\":1}");
    EXPECT_FALSE(read_record("{}").ok());
}

}  // namespace
}  // namespace countersign::audit
