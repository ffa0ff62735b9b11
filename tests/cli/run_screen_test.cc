// The screen of `run`: what it prints, and above all what can never become an approval.
#include "cli/run_screen.h"

#include <boost/json.hpp>
#include <deque>
#include <gtest/gtest.h>

#include "fake_world.h"
#include "sys/files.h"
#include "text/json.h"

namespace countersign::testing {
namespace {

const std::string kData = std::string(COUNTERSIGN_SOURCE_DIR) + "/tests/cli/data/";
constexpr std::size_t kFileBytesMax = 1024 * 1024;

std::string data(const std::string& name) {
    auto text = sys::read_file(kData + name + ".json", kFileBytesMax);
    return text.ok() ? text.take() : std::string();
}

cli::ActionView view(const std::string& name) {
    const auto document = text::parse_json(data(name), kFileBytesMax);
    auto decoded = cli::view_from(document.value());
    return decoded.take();
}

cli::RunEvent event(cli::RunEvent::Kind kind, const cli::ActionView& seen) {
    return {kind, seen.request, seen.answer};
}

/// Lines as a person would type them; when they run out the agent is done.
class ScriptedAnswers final : public cli::Answers {
public:
    ScriptedAnswers(cli::RunEvents& events, std::deque<std::string> typed_before,
                    std::deque<std::string> typed_then)
        : events_(events), typed_(std::move(typed_before)), then_(std::move(typed_then)) {}

    void discard() override {
        typed_.clear();
        typed_.swap(then_);
    }
    Result<std::optional<std::string>> line(Duration /*limit*/) override {
        if (typed_.size() <= 1) {
            events_.push({cli::RunEvent::Kind::Finished, {}, {}});
        }
        if (typed_.empty()) {
            return std::optional<std::string>();
        }
        std::string line = std::move(typed_.front());
        typed_.pop_front();
        return std::optional<std::string>(std::move(line));
    }

private:
    cli::RunEvents& events_;
    std::deque<std::string> typed_;
    std::deque<std::string> then_;
};

/// A screen with one held action and what was typed; `posted` is what reached the gateway.
struct Screen {
    explicit Screen(std::deque<std::string> before, std::deque<std::string> then)
        : console("", "100 utf8") {
        auto owned = std::make_unique<FakeGateway>(std::vector<Exchange>{
            {"get", "/v1/actions/a-0000000000000001", data("push"), ""},
            {"get", "/v1/actions/a-0000000000000001/proposal", R"({"rule": null, "why": "no"})",
             ""},
            {"post", "/v1/actions/a-0000000000000001/votes", data("push-one-vote"), ""},
            {"get", "/v1/approvers", data("approvers"), ""}});
        gateway = owned.get();
        asking.emplace(cli::RunScreen::Asking{
            std::move(owned),
            std::make_unique<ScriptedAnswers>(events, std::move(before), std::move(then)),
            cli::Signer{"alice", crypto::SigningKey::generate(random)}});
    }
    void run() {
        cli::RunScreen screen(events, console, clock, cli::Detail::Normal, std::move(asking));
        screen.loop();
    }

    cli::RunEvents events;
    FakeConsole console;
    FakeClock clock;
    FakeRandom random;
    FakeGateway* gateway = nullptr;
    std::optional<cli::RunScreen::Asking> asking;
};

TEST(RunScreen, ApprovalSaysWhoElseMustVote) {
    Screen screen({}, {"a"});
    screen.events.push(event(cli::RunEvent::Kind::Held, view("push")));
    // The gateway is destroyed with the screen; what it printed stays.
    screen.run();
    const std::string& text = screen.console.err_text();
    EXPECT_NE(text.find("held     T3  86  2 approvals"), std::string::npos) << text;
    EXPECT_NE(text.find("your vote is in, 1 more needed: bob (countersign approve "),
              std::string::npos)
        << text;
}

TEST(RunScreen, TypedAheadOfTheQuestionNeverApproves) {
    Screen screen({"a", "a"}, {});
    screen.events.push(event(cli::RunEvent::Kind::Held, view("push")));
    screen.run();
    EXPECT_EQ(screen.console.err_text().find("your vote is in"), std::string::npos)
        << screen.console.err_text();
}

TEST(RunScreen, EmptyAndUnknownLinesNeverApprove) {
    Screen screen({}, {"", "y", "yes", "A", "approve!", "\x1b[A", "a\r"});
    screen.events.push(event(cli::RunEvent::Kind::Held, view("push")));
    screen.run();
    EXPECT_EQ(screen.console.err_text().find("your vote is in"), std::string::npos)
        << screen.console.err_text();
}

TEST(RunScreen, RememberWithoutANarrowRuleDoesNotVote) {
    Screen screen({}, {"r"});
    screen.events.push(event(cli::RunEvent::Kind::Held, view("push")));
    screen.run();
    EXPECT_NE(screen.console.err_text().find("no narrow rule for it"), std::string::npos);
    EXPECT_EQ(screen.console.err_text().find("your vote is in"), std::string::npos);
}

TEST(RunScreen, ActionDecidedElsewhereIsNotAskedAbout) {
    Screen screen({}, {"a"});
    screen.events.push(event(cli::RunEvent::Kind::Held, view("push")));
    screen.events.push(event(cli::RunEvent::Kind::Decided, view("push-denied")));
    screen.events.push({cli::RunEvent::Kind::Finished, {}, {}});
    screen.run();
    const std::string& text = screen.console.err_text();
    EXPECT_NE(text.find("denied   T3  86  alice"), std::string::npos) << text;
    EXPECT_EQ(text.find("The agent asks"), std::string::npos) << text;
}

TEST(DecisionLines, StartsInsideAShownTextAreCounted) {
    cli::Look look;
    look.width = 100;
    cli::DecisionLines lines(look, cli::Detail::Normal);
    cli::ActionView text = view("push");
    text.answer.state = client::ActionState::Granted;
    text.answer.verdict.decision = model::Decision::Allow;
    text.answer.verdict.assessment.tier = model::Tier::ReadOnly;
    cli::ActionView inner = text;
    inner.answer.id = "a-0000000000000009";
    inner.request.action.argv = {"git", "status"};
    inner.request.action.program = "/usr/bin/git";
    inner.request.context.within = text.answer.id;
    EXPECT_NE(lines.decided(text.request, text.answer, {}), "");
    EXPECT_EQ(lines.decided(inner.request, inner.answer, {}), "");
    EXPECT_EQ(lines.flush(), "         + 1 start inside: git\n");
}

TEST(DecisionLines, ChangedFormOfAStartIsShownWholeEvenWhenQuiet) {
    cli::Look look;
    look.width = 60;
    cli::DecisionLines lines(look, cli::Detail::Quiet);
    cli::ActionView seen = view("push");
    seen.answer.state = client::ActionState::Granted;
    seen.answer.verdict.decision = model::Decision::Modify;
    seen.request.action = {};
    seen.request.action.kind = model::ActionKind::Exec;
    seen.request.action.argv = {"npm", "ci"};
    seen.request.action.program = "npm";
    seen.answer.verdict.modified = seen.request.action;
    seen.answer.verdict.modified->argv.push_back("--ignore-scripts");
    const std::string text = lines.decided(seen.request, seen.answer, {});
    EXPECT_NE(text.find("not started; run: npm ci --ignore-scripts\n"), std::string::npos) << text;
}

TEST(DecisionLines, RefusedStartsInsideAreAlwaysShown) {
    cli::DecisionLines lines(cli::Look{}, cli::Detail::Quiet);
    cli::ActionView refused = view("push-denied");
    refused.request.context.within = "a-0000000000000002";
    EXPECT_NE(lines.decided(refused.request, refused.answer, {}), "");
}

}  // namespace
}  // namespace countersign::testing
