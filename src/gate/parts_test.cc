// The pure parts of the gate.
#include <gtest/gtest.h>

#include "gate/action_digest.h"
#include "gate/grant.h"
#include "gate/redaction.h"
#include "gate/rule_review.h"
#include "gate/tool_call.h"

namespace countersign::gate {
namespace {

using std::chrono::hours;

model::ActionRequest sample() {
    model::ActionRequest request;
    request.action.text = "rm x";
    request.context.session = "s-1";
    request.context.directory = "/w";
    return request;
}

TEST(ActionDigest, ChangesWithEverythingThatChangesWhatHappens) {
    const crypto::Digest base = action_digest(sample());
    std::vector<void (*)(model::ActionRequest&)> changes = {
        [](auto& r) { r.action.text = "rm  x"; },
        [](auto& r) { r.action.argv = {"rm", "x"}; },
        [](auto& r) { r.action.program = "/bin/rm"; },
        [](auto& r) { r.action.content["/w/x"] = "sha256:0"; },
        [](auto& r) { r.context.session = "s-2"; },
        [](auto& r) { r.context.directory = "/v"; },
        [](auto& r) { r.context.host = "other"; },
        [](auto& r) { r.context.environment["PATH"] = "/evil"; },
        [](auto& r) { r.context.contained = true; },
        [](auto& r) { r.context.staged = true; }};
    for (std::size_t i = 0; i < changes.size(); ++i) {
        model::ActionRequest changed = sample();
        changes[i](changed);
        EXPECT_NE(action_digest(changed), base) << "change " << i;
    }
}

TEST(ActionDigest, DoesNotChangeWithTimePurposeOrDoor) {
    model::ActionRequest request = sample();
    request.context.time = Instant{5};
    request.context.purpose = "else";
    request.context.door = "hook";
    EXPECT_EQ(action_digest(request), action_digest(sample()));
}

TEST(ActionDigest, WordsCannotMoveBetweenMembers) {
    model::ActionRequest a = sample();
    model::ActionRequest b = sample();
    a.action.argv = {"a b", "c"};
    b.action.argv = {"a", "b c"};
    EXPECT_NE(action_digest(a), action_digest(b));
}

TEST(Redaction, ReplacesASecretThatTheWordBeforeItTells) {
    const std::string token = "ghp_" + std::string(36, 'a');
    const std::vector<std::string> out =
        Redactor("key").words({"curl", "-H", "Authorization: token " + token});
    for (const std::string& word : out) {
        EXPECT_EQ(word.find(token), std::string::npos) << word;
    }
    EXPECT_EQ(Redactor("key").words({"git", "status"}),
              (std::vector<std::string>{"git", "status"}));
}

/// What stands between '#' and ']' of the first mark.
std::string mark_in(const std::string& text) {
    const std::size_t begin = text.find('#', text.find("[redacted:"));
    return begin == std::string::npos ? ""
                                      : text.substr(begin + 1, text.find(']', begin) - begin - 1);
}

TEST(Redaction, EqualSecretsHaveEqualMarksWhereverTheyStand) {
    const std::string secret = "correcthorse9";
    const Redactor ours("key");
    const std::string mark = mark_in(ours.text("tool --password " + secret));
    EXPECT_EQ(mark.size(), 16U);
    EXPECT_EQ(mark, crypto::keyed_digest("key", secret).hex().substr(0, 16));
    EXPECT_EQ(mark_in(ours.text("export DB_PASSWORD=" + secret)), mark);
    EXPECT_EQ(mark_in(ours.words({"tool", "--password", secret})[2]), mark);
    EXPECT_EQ(mark_in(ours.words({"tool", "--password", secret, "more"})[2]), mark);
    model::ActionRequest request;
    request.context.environment["DB_PASSWORD"] = secret;
    EXPECT_EQ(mark_in(ours.request(request).context.environment.at("DB_PASSWORD")), mark);
    EXPECT_NE(mark_in(ours.text("tool --password " + secret + "x")), mark);
    EXPECT_NE(mark_in(Redactor("another").text("tool --password " + secret)), mark);
}

// The words of `bash -c TEXT` and TEXT by itself are compared by what verification sees of them.
TEST(Redaction, AWordHasTheMarkThatItWouldHaveAlone) {
    const Redactor redactor("key");
    for (const std::string text :
         {"password='one two three' x", "tool --password hunter22", "password=\"never closed",
          "export API_KEY=0123456789abcdef0123; curl -u ann:hunter22x http://h"}) {
        EXPECT_EQ(redactor.words({"bash", "-c", text, "last"})[2], redactor.text(text)) << text;
        EXPECT_EQ(redactor.words({"bash", "-c", text})[2], redactor.text(text)) << text;
    }
}

TEST(Redaction, MarksAreNotRedactedAgain) {
    const Redactor redactor("key");
    for (const std::string text :
         {"tool --password hunter22", "curl -u ann:hunter22x http://h",
          "git clone https://x:hunter22x@h/a", "Authorization: Bearer abcdefghijklmnop0123",
          "mysql -uroot -phunter22 db", "token=0123456789abcdef0123456789abcdef"}) {
        const std::string once = redactor.text(text);
        EXPECT_NE(once, text);
        EXPECT_EQ(redactor.text(once), once);
    }
}

model::JudgedCommand command(std::vector<std::optional<std::string>> argv) {
    model::JudgedCommand out;
    out.argv = std::move(argv);
    return out;
}

TEST(Grant, CoversNamedCommandsAndLowerTiers) {
    Grant grant;
    grant.assessment.tier = model::Tier::SideEffect;
    grant.assessment.commands = {command({"kill", "77"})};
    model::Assessment inner;
    inner.commands = {command({"kill", "77"})};
    inner.tier = model::Tier::SideEffect;
    EXPECT_EQ(coverage(grant, inner), Coverage::Named);
    inner.commands = {command({"kill", "78"})};
    EXPECT_EQ(coverage(grant, inner), Coverage::Within);
    inner.tier = model::Tier::Irreversible;
    EXPECT_EQ(coverage(grant, inner), Coverage::Beyond);
    inner.tier = model::Tier::ReadOnly;
    inner.findings = {{"pipe_to_interpreter", model::Severity::High, {}, ""}};
    EXPECT_EQ(coverage(grant, inner), Coverage::Beyond);
    grant.assessment.findings = inner.findings;
    EXPECT_EQ(coverage(grant, inner), Coverage::Within);
}

TEST(Grant, NeverCoversTheForbidden) {
    Grant grant;
    grant.assessment.tier = model::Tier::Forbidden;
    grant.assessment.commands = {command({"iptables", "-F"})};
    model::Assessment inner;
    inner.commands = grant.assessment.commands;
    inner.tier = model::Tier::Forbidden;
    EXPECT_EQ(coverage(grant, inner), Coverage::Beyond);
}

TEST(RuleReview, NamesWhatIsWorthALook) {
    const Instant now{1'800'000'000'000'000};
    model::Rule rule;
    rule.words = {"git", "push", "**"};
    rule.created = now.plus(-hours(24 * 100));
    rule.expires = now.plus(hours(24));
    RuleUse use;
    std::vector<std::string> kinds;
    for (const RuleNote& note : review_notes(rule, use, now)) {
        kinds.push_back(note.kind);
    }
    EXPECT_EQ(kinds, (std::vector<std::string>{"unused", "expiring", "never_reviewed", "stale"}));
    use.uses = 12;
    use.last_used = now;
    use.distinct = {{"git push origin main", 12}};
    rule.last_reviewed = now;
    rule.expires.reset();
    const auto notes = review_notes(rule, use, now);
    ASSERT_EQ(notes.size(), 1U);
    EXPECT_EQ(notes.front().kind, "over_broad");
    const auto narrow = narrower(rule, use);
    ASSERT_TRUE(narrow.has_value());
    EXPECT_EQ(narrow->words, (std::vector<std::string>{"git", "push", "origin", "main"}));
}

TEST(ToolCall, FirstVerbOfTheNameTells) {
    EXPECT_EQ(kind_of_tool("read_file"), model::EffectKind::Read);
    EXPECT_EQ(kind_of_tool("createOrUpdateFile"), model::EffectKind::Create);
    EXPECT_EQ(kind_of_tool("delete_entities"), model::EffectKind::Delete);
    EXPECT_EQ(kind_of_tool("update_password"), model::EffectKind::Identity);
    EXPECT_EQ(kind_of_tool("send_money"), model::EffectKind::Publish);
    EXPECT_EQ(kind_of_tool("filesystem", "directory_tree"), model::EffectKind::Read);
    EXPECT_EQ(kind_of_tool("elsewhere", "directory_tree"), std::nullopt);
    EXPECT_EQ(kind_of_tool("my-git", "git_reset"), model::EffectKind::Delete);
    EXPECT_EQ(kind_of_tool("sequentialthinking"), std::nullopt);
}

TEST(ToolCall, HostOfUrlIsTheOneThatWouldBeContacted) {
    EXPECT_EQ(host_of_url("https://user@evil.example:8080/x"), "evil.example");
    EXPECT_EQ(host_of_url("https://good.example@evil.example/"), "evil.example");
    EXPECT_EQ(host_of_url("https://evil.example\\@good.example/"), "evil.example");
    EXPECT_EQ(host_of_url("http://[::1]:80/"), "::1");
    EXPECT_EQ(host_of_url("no url"), "");
}

}  // namespace
}  // namespace countersign::gate
