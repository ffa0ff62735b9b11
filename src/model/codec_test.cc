// parse(print(x)) == x for every codec of the model, over random values that favour awkward bytes.
#include "model/codec.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <random>

#include "base/limits.h"
#include "model/canonical.h"
#include "text/json.h"

namespace countersign::model {
namespace {

namespace json = boost::json;

constexpr int kRounds = 400;

class Generator {
public:
    explicit Generator(std::uint64_t seed) : engine_(seed) {}

    std::size_t below(std::size_t bound) { return engine_() % bound; }
    bool coin() { return below(2) == 0; }

    std::string text() {
        static const std::vector<std::string> kPieces = {
            "a", "rm -rf /", "\"", "\\", "\n", "\t", "é", "\u202e", "😀", "\x01", "{}", "", "0"};
        std::string out;
        for (std::size_t i = below(6); i > 0; --i) {
            out += kPieces[below(kPieces.size())];
        }
        return out;
    }
    std::string bytes() {
        std::string out = text();
        for (std::size_t i = below(4); i > 0; --i) {
            out += static_cast<char>(1 + below(255));
        }
        return out;
    }
    template <class E>
    E of(std::size_t count) {
        return static_cast<E>(below(count));
    }
    Instant instant() { return {static_cast<std::int64_t>(below(4'000'000'000'000'000))}; }
    template <class Make>
    auto maybe(Make make) -> std::optional<decltype(make())> {
        return coin() ? std::optional(make()) : std::nullopt;
    }
    template <class Make>
    auto list(Make make) -> std::vector<decltype(make())> {
        std::vector<decltype(make())> out;
        for (std::size_t i = below(4); i > 0; --i) {
            out.push_back(make());
        }
        return out;
    }
    Span span() {
        const auto begin = static_cast<std::uint32_t>(below(100));
        return {begin, begin + static_cast<std::uint32_t>(below(100))};
    }

    Action action() {
        Action out;
        out.kind = of<ActionKind>(kActionKindNames.size());
        out.text = bytes();
        out.argv = list([&] { return bytes(); });
        out.program = coin() ? "/usr/bin/" + bytes() : "";
        out.server = text();
        out.name = text();
        out.target = bytes();
        if (coin()) {
            out.content["/w/run.sh"] = "sha256:" + std::string(64, 'a');
        }
        return out;
    }
    Context context() {
        Context out;
        out.session = text();
        out.agent = {text(), text(), text()};
        out.principal = text();
        out.delegation = list([&] { return text(); });
        out.purpose = text();
        out.door = text();
        out.host = text();
        out.directory = "/" + bytes();
        out.workspace = "/" + bytes();
        out.home = "/" + bytes();
        out.contained = coin();
        out.staged = coin();
        out.environment["PATH"] = bytes();
        out.environment["LD_PRELOAD"] = bytes();
        out.within = text();
        out.time = instant();
        return out;
    }
    Effect effect() {
        Effect out;
        out.kind = of<EffectKind>(kEffectKindNames.size());
        out.target = text();
        out.place = of<Place>(kPlaceNames.size());
        out.recursive = coin();
        out.reversible = coin();
        out.conditional = coin();
        out.command = below(10);
        out.span = span();
        out.detail = text();
        return out;
    }
    Finding finding() { return {text(), of<Severity>(kSeverityNames.size()), span(), text()}; }
    Verdict verdict() {
        Verdict out;
        out.assessment.commands = list([&] {
            JudgedCommand command;
            command.argv = list([&] { return maybe([&] { return text(); }); });
            command.directory = maybe([&] { return text(); });
            command.tier = of<Tier>(kTierNames.size());
            command.known = coin();
            command.inside = maybe([&] { return below(5); });
            command.span = span();
            return command;
        });
        out.assessment.effects = list([&] { return effect(); });
        out.assessment.findings = list([&] { return finding(); });
        out.assessment.factors = list([&] { return Factor{text(), int(below(90)) - 20, text()}; });
        out.assessment.risk = static_cast<int>(below(101));
        out.assessment.tier = of<Tier>(kTierNames.size());
        out.assessment.complete = coin();
        out.decision = of<Decision>(kDecisionNames.size());
        out.approvals = static_cast<int>(below(3));
        out.rule = maybe([&] { return text(); });
        out.reason = text();
        out.hint = text();
        out.policy = text();
        out.modified = maybe([&] { return action(); });
        return out;
    }
    Rule rule() {
        Rule out;
        out.id = text();
        out.verb = of<RuleVerb>(kRuleVerbNames.size());
        out.pattern_kind = of<PatternKind>(kPatternKindNames.size());
        out.pattern = text();
        out.words = list([&] { return text(); });
        out.tier = of<Tier>(kTierNames.size());
        out.scope.agent_types = list([&] { return text(); });
        out.scope.workspace = text();
        out.scope.kinds = list([&] { return of<ActionKind>(kActionKindNames.size()); });
        out.owner = text();
        out.reason = text();
        out.created = instant();
        out.expires = maybe([&] { return instant(); });
        out.last_reviewed = maybe([&] { return instant(); });
        out.last_used = maybe([&] { return instant(); });
        out.uses = static_cast<std::int64_t>(below(1000));
        out.state = of<RuleState>(kRuleStateNames.size());
        return out;
    }
    template <class T>
    void shared(T& out) {
        out.agent = {text(), text(), text()};
        out.principal = text();
        out.purpose = text();
        out.door = text();
        out.host = text();
        out.workspace = text();
        out.home = text();
        out.contained = coin();
        out.staged = coin();
        out.ceiling = of<Tier>(kTierNames.size());
        out.process_id = maybe([&] { return static_cast<int>(1 + below(1000)); });
        out.command = list([&] { return text(); });
        out.profile = text();
        out.weakenings = list([&] { return text(); });
    }
    Session session() {
        Session out;
        shared(out);
        out.id = text();
        out.parent = maybe([&] { return text(); });
        out.delegation = list([&] { return text(); });
        out.started = instant();
        out.expires = instant();
        out.state = of<SessionState>(kSessionStateNames.size());
        out.ended = maybe([&] { return instant(); });
        return out;
    }

private:
    std::mt19937_64 engine_;
};

// Through text, as on the wire: the canonical form parses to the same value as well.
template <class T, class Decode>
void expect_round_trip(const T& value, Decode decode) {
    if constexpr (requires { canonical(value); }) {
        const auto slow = text::canonical_json(to_json(value));
        ASSERT_TRUE(slow.ok());
        EXPECT_EQ(canonical(value), *slow);
    }
    const json::value printed = to_json(value);
    const auto canonical = text::canonical_json(printed);
    ASSERT_TRUE(canonical.ok());
    const auto parsed = text::parse_json(*canonical, limits::kRequestBodyBytesMax);
    ASSERT_TRUE(parsed.ok()) << parsed.error().message << "\n" << *canonical;
    const auto decoded = decode(*parsed);
    ASSERT_TRUE(decoded.ok()) << decoded.error().message << "\n" << *canonical;
    EXPECT_EQ(*decoded, value) << *canonical;
}

class RoundTrip : public ::testing::Test {
protected:
    template <class Make, class Decode>
    void run(Make make, Decode decode) {
        const std::uint64_t seed = std::random_device{}();
        SCOPED_TRACE("seed " + std::to_string(seed));
        Generator generator(seed);
        for (int i = 0; i < kRounds && !HasFatalFailure(); ++i) {
            expect_round_trip(make(generator), decode);
        }
    }
};

TEST_F(RoundTrip, Action) {
    run([](Generator& g) { return g.action(); }, action_from);
}
TEST_F(RoundTrip, Context) {
    run([](Generator& g) { return g.context(); }, context_from);
}
TEST_F(RoundTrip, Request) {
    run([](Generator& g) { return ActionRequest{g.action(), g.context()}; }, request_from);
}
TEST_F(RoundTrip, Outcome) {
    run(
        [](Generator& g) {
            Outcome out;
            out.exit_code = g.maybe([&] { return static_cast<int>(g.below(256)); });
            out.duration_us = static_cast<std::int64_t>(g.below(1'000'000));
            out.bytes_out = static_cast<std::int64_t>(g.below(1'000'000));
            out.started = g.coin();
            out.error = g.text();
            out.files_changed = g.list([&] { return g.text(); });
            out.hosts = g.list([&] { return g.text(); });
            return out;
        },
        outcome_from);
}
TEST_F(RoundTrip, Effect) {
    run([](Generator& g) { return g.effect(); }, effect_from);
}
TEST_F(RoundTrip, Finding) {
    run([](Generator& g) { return g.finding(); }, finding_from);
}
TEST_F(RoundTrip, Verdict) {
    run([](Generator& g) { return g.verdict(); }, verdict_from);
}
TEST_F(RoundTrip, Rule) {
    run([](Generator& g) { return g.rule(); }, rule_from);
}
TEST_F(RoundTrip, Vote) {
    run(
        [](Generator& g) {
            return Vote{g.text(), g.text(),    g.text(), g.of<Ballot>(2),
                        g.text(), g.instant(), g.text()};
        },
        vote_from);
}
TEST_F(RoundTrip, Approver) {
    run([](Generator& g) { return Approver{g.text(), g.text(), g.instant(), g.coin()}; },
        approver_from);
}
TEST_F(RoundTrip, Session) {
    run([](Generator& g) { return g.session(); }, session_from);
}
TEST_F(RoundTrip, SessionRequest) {
    run(
        [](Generator& g) {
            SessionRequest out;
            g.shared(out);
            out.lifetime = std::chrono::seconds(1 + g.below(100'000));
            return out;
        },
        session_request_from);
}

json::value parsed(std::string_view text) {
    return MUST(text::parse_json(text, 1 << 20));  // the documents below are well-formed
}

TEST(Codec, RefusesUnknownMembersAndValues) {
    EXPECT_FALSE(action_from(parsed(R"({"kind": "command", "txt": "ls"})")).ok());
    EXPECT_FALSE(action_from(parsed(R"({"kind": "commands", "text": "ls"})")).ok());
    EXPECT_FALSE(action_from(parsed(R"({"kind": "exec", "argv": [1]})")).ok());
    EXPECT_FALSE(action_from(parsed(R"(["ls"])")).ok());
    EXPECT_FALSE(context_from(parsed(R"({"contained": 1})")).ok());
    EXPECT_FALSE(context_from(parsed(R"({"time": "yesterday"})")).ok());
    EXPECT_FALSE(effect_from(parsed(R"({"kind": "reads"})")).ok());
    EXPECT_FALSE(session_request_from(parsed(R"({"lifetime_s": 31536000})")).ok());
    EXPECT_FALSE(session_request_from(parsed(R"({"process_id": -1})")).ok());
}

TEST(Codec, DefaultsServeAHandWrittenRequest) {
    const auto request = request_from(parsed(R"({"action": {"text": "ls"}})"));
    ASSERT_TRUE(request.ok());
    EXPECT_EQ(request->action.kind, ActionKind::Command);
    EXPECT_EQ(request->context.agent.type, "coding");
}

// Attack: show people one text and run another, by bytes that do not fit the readable member.
TEST(Codec, BytesThatContradictTheTextAreRefused) {
    EXPECT_FALSE(action_from(parsed(R"({"text": "ls", "bytes": {"text": "cm0gLXJmIC8="}})")).ok());
    EXPECT_FALSE(action_from(parsed(R"({"text": "ls", "bytes": {"text": "bHM="}})")).ok());
    EXPECT_FALSE(action_from(parsed(R"({"text": "ls", "bytes": {"argv/7": "/w=="}})")).ok());
    EXPECT_FALSE(action_from(parsed(R"({"text": "ls", "bytes": {"argv/0": "/w=="}})")).ok());
    const auto exact =
        action_from(parsed("{\"text\": \"\xEF\xBF\xBD\", \"bytes\": {\"text\": \"/w==\"}}"));
    ASSERT_TRUE(exact.ok()) << exact.error().message;
    EXPECT_EQ(exact->text, "\xFF");
}

TEST(Codec, VerdictKeepsTheFlatFormOfTheContract) {
    Verdict verdict;
    verdict.decision = Decision::StepUp;
    verdict.approvals = 2;
    const json::value printed = to_json(verdict);
    for (const char* name :
         {"decision", "approvals", "tier", "risk", "factors", "findings", "effects", "commands",
          "complete", "rule", "policy", "reason", "hint"}) {
        EXPECT_TRUE(printed.as_object().contains(name)) << name;
    }
    EXPECT_EQ(printed.as_object().size(), 13U);
    EXPECT_TRUE(printed.at("rule").is_null());
}

TEST(Vote, StatementIsCanonicalAndLeavesTheSignatureOut) {
    const Vote vote{"a-1",           "sha256:00", "ann",
                    Ballot::Approve, "looks ok",  {1'700'000'000'000'000},
                    "signature"};
    EXPECT_EQ(vote_statement(vote),
              R"({"action":"a-1","action_digest":"sha256:00","approver":"ann","ballot":"approve",)"
              R"("comment":"looks ok","time":"2023-11-14T22:13:20.000000Z"})");
}

}  // namespace
}  // namespace countersign::model
