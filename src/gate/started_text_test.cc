// Text of a shell that is started as a program: `bash -c TEXT` under the jail is judged as TEXT is
// at the other doors.
#include "gate/test_house.h"

namespace countersign::gate {
namespace {

constexpr const char* kInvalid = "rm -rf build\nif true; then echo x";

struct Case {
    std::vector<std::string> argv;
    model::Decision decision;
};

TEST(StartedText, InvalidBashIsDeniedWhereBashOrShReadsIt) {
    House house;
    const auto session = house.open_session().session;
    const std::vector<Case> cases = {
        {{"bash", "-c", kInvalid}, model::Decision::Deny},
        {{"sh", "-c", kInvalid}, model::Decision::Deny},
        {{"timeout", "5", "bash", "-c", kInvalid}, model::Decision::Deny},
        // Their grammar is their own, and a remote shell is anybody's.
        {{"zsh", "-c", kInvalid}, model::Decision::StepUp},
        {{"fish", "-c", kInvalid}, model::Decision::StepUp},
        {{"ssh", "host", "bash", "-c", kInvalid}, model::Decision::StepUp},
        {{"bash", "-c", "if true; then ls; fi"}, model::Decision::Allow},
    };
    for (const Case& tried : cases) {
        const ActionEntry entry = house.ask(session, House::exec(tried.argv));
        EXPECT_EQ(model::decision_name(entry.verdict.decision),
                  model::decision_name(tried.decision))
            << tried.argv.front() << " " << tried.argv.back() << ": " << entry.verdict.reason;
    }
}

TEST(StartedText, TheFindingPointsAtTheWord) {
    House house;
    const auto session = house.open_session().session;
    const ActionEntry entry = house.ask(session, House::exec({"bash", "-c", "echo a; )"}));
    ASSERT_EQ(entry.verdict.decision, model::Decision::Deny);
    ASSERT_FALSE(entry.verdict.assessment.findings.empty());
    const model::Finding& finding = entry.verdict.assessment.findings.front();
    EXPECT_EQ(finding.kind, "syntax_error");
    // "bash -c echo a; )": the parenthesis is byte 16.
    EXPECT_EQ(finding.span.begin, 16U);
    EXPECT_EQ(finding.span.end, 17U);
}

TEST(StartedTextAttack, SafeLookingLinesBeforeTheErrorRunNothing) {
    House house;
    const auto session = house.open_session().session;
    // bash runs line by line: the first would be done before it meets the error.
    const ActionEntry entry = house.ask(session, House::exec({"bash", "-c", "echo x\n(("}));
    EXPECT_EQ(entry.state, ActionState::Denied);
}

}  // namespace
}  // namespace countersign::gate
