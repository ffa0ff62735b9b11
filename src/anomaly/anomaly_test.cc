#include "anomaly/anomaly.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>
#include <random>

#include "base/limits.h"
#include "text/json.h"

namespace countersign::anomaly {
namespace {

using model::EffectKind;
using model::Place;

constexpr Instant kStart{1'764'072'000'000'000};  // 2025-11-25T12:00:00Z

struct Deed {
    std::vector<std::optional<std::string>> argv;
    EffectKind kind;
    Place place;
    std::string target;
};

Features features(const Deed& deed, Instant time = kStart) {
    model::ActionRequest request;
    request.context.workspace = "/w";
    request.context.time = time;
    model::Assessment assessment;
    model::JudgedCommand command;
    command.argv = deed.argv;
    assessment.commands.push_back(command);
    model::Effect effect;
    effect.kind = deed.kind;
    effect.place = deed.place;
    effect.target = deed.target;
    assessment.effects.push_back(effect);
    return features_of(request, assessment);
}

const std::vector<Deed>& coding() {
    static const std::vector<Deed> kDeeds = {
        {{"git", "status"}, EffectKind::Read, Place::Workspace, "/w/.git"},
        {{"git", "commit", "-m", "x"}, EffectKind::Write, Place::VersionControl, "/w/.git"},
        {{"cat", "src/a.c"}, EffectKind::Read, Place::Workspace, "/w/src/a.c"},
        {{"sed", "-i", "s/a/b/", "src/a.c"}, EffectKind::Write, Place::Workspace, "/w/src/a.c"},
        {{"make", "test"}, EffectKind::Execute, Place::Workspace, "/w"},
        {{"grep", "-rn", "x", "src"}, EffectKind::Read, Place::Workspace, "/w/src"},
        {{"pytest"}, EffectKind::Execute, Place::Workspace, "/w/tests"},
        {{"rm", "build/a.o"}, EffectKind::Delete, Place::Workspace, "/w/build/a.o"},
    };
    return kDeeds;
}

Baseline trained(int actions) {
    Baseline baseline;
    for (int i = 0; i < actions; ++i) {
        const Instant time = kStart.plus(std::chrono::seconds(20L * i));
        baseline.add(features(coding()[static_cast<std::size_t>(i) % coding().size()], time), time);
    }
    return baseline;
}

TEST(Features, TellWhatWasDoneToWhat) {
    const Features out = features({{"/usr/bin/aws", "--profile=x", "s3", "rm", "s3://b"},
                                   EffectKind::Infra,
                                   Place::PublicHost,
                                   "s3.amazonaws.com:443"});
    EXPECT_EQ(out.programs, std::vector<std::string>{"aws"});
    EXPECT_EQ(out.subcommands, std::vector<std::string>{"aws s3 rm"});
    EXPECT_EQ(out.effects, std::vector<std::string>{"infra@public_host"});
    EXPECT_EQ(out.hosts, std::vector<std::string>{"s3.amazonaws.com"});
    EXPECT_EQ(out.hour, 12);
    EXPECT_EQ(features({{"rm", "x"}, EffectKind::Delete, Place::System, "/etc/ssl/certs/x.pem"})
                  .directories,
              std::vector<std::string>{"system:/etc/ssl"});
    EXPECT_EQ(
        features({{"rm", "x"}, EffectKind::Delete, Place::Workspace, "/w/src/deep/x"}).directories,
        std::vector<std::string>{"workspace:src"});
    EXPECT_EQ(features({{std::nullopt, "x"}, EffectKind::Unknown, Place::Unknown, ""}).programs,
              std::vector<std::string>{"?"});
}

TEST(Surprise, NewTypeStartsStrict) {
    const Surprise out = surprise(Baseline(), features(coding()[0]), kStart);
    EXPECT_EQ(out.points, kStrictPoints);
    EXPECT_FALSE(out.why.empty());
    EXPECT_EQ(surprise(trained(kTrainedActions - 1), features(coding()[0]), kStart).points,
              kStrictPoints);
}

TEST(Surprise, UsualWorkIsNoSurprise) {
    const Baseline baseline = trained(400);
    for (const Deed& deed : coding()) {
        EXPECT_LT(surprise(baseline, features(deed), kStart).points, 3);
    }
}

TEST(Surprise, DeployWorkOfACodingAgentIsAnAlarmWithItsReasons) {
    const Baseline baseline = trained(400);
    const std::vector<Deed> deploy = {
        {{"kubectl", "apply", "-f", "prod.yaml"}, EffectKind::Deploy, Place::Service, "prod"},
        {{"terraform", "apply"}, EffectKind::Infra, Place::Service, "stack"},
        {{"aws", "s3", "rm", "s3://b/x"}, EffectKind::Infra, Place::PublicHost, "s3.amazonaws.com"},
        {{"ssh", "prod", "systemctl restart x"}, EffectKind::Connect, Place::PublicHost, "prod"},
    };
    for (const Deed& deed : deploy) {
        const Surprise out = surprise(baseline, features(deed), kStart);
        EXPECT_GE(out.points, kAlarmPoints) << *deed.argv[0];
        EXPECT_NE(out.why.find("never"), std::string::npos) << out.why;
        EXPECT_GE(out.reasons.size(), 2U);
    }
}

TEST(Surprise, NewProgramForTheUsualEndIsNoAlarm) {
    const Surprise out = surprise(
        trained(400), features({{"rg", "x", "src"}, EffectKind::Read, Place::Workspace, "/w/src"}),
        kStart);
    EXPECT_GT(out.points, 0);
    EXPECT_LT(out.points, kAlarmPoints);
    EXPECT_EQ(out.why, "agents of this type have never used rg");
}

TEST(Surprise, FallsAsAThingBecomesUsual) {
    Baseline baseline = trained(400);
    const Features kubectl =
        features({{"kubectl", "get", "pods"}, EffectKind::Connect, Place::PrivateHost, "10.0.0.1"});
    int before = surprise(baseline, kubectl, kStart).points;
    for (int i = 0; i < 12; ++i) {
        baseline.add(kubectl, kStart.plus(std::chrono::hours(1000 + i)));
        const int after = surprise(baseline, kubectl, kStart).points;
        EXPECT_LE(after, before);
        before = after;
    }
    EXPECT_EQ(before, 0);
}

TEST(Surprise, HoursAndBurstsCountOnceHabitsAreKnown) {
    const Baseline baseline = trained(600);  // 12:00 to 15:20, three a minute
    const Instant three = kStart.plus(std::chrono::hours(15));
    const Features night = features(coding()[0], three);
    EXPECT_NE(surprise(baseline, night, three).why.find("3:00"), std::string::npos);
    // Three a minute are usual; each doubling beyond that is new once, then it is in the record.
    Baseline burst = baseline;
    const Instant later = kStart.plus(std::chrono::hours(24));
    int alarms = 0;
    for (int i = 0; i < 40; ++i) {
        const Surprise out = surprise(burst, features(coding()[0]), later);
        alarms += out.why == "agents of this type have never acted so often in a minute" ? 1 : 0;
        burst.add(features(coding()[0]), later);
    }
    EXPECT_GE(alarms, 3);
}

TEST(Baseline, RoundTripsThroughJson) {
    const Baseline baseline = trained(300);
    const auto text = text::canonical_json(baseline.to_json());
    ASSERT_TRUE(text.ok());
    const auto parsed = text::parse_json(*text, 1 << 20);
    ASSERT_TRUE(parsed.ok());
    const auto back = Baseline::from_json(*parsed);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, baseline);
}

TEST(Baseline, RefusesWhatContradictsItself) {
    const auto refused = [](std::string_view text) {
        const auto parsed = text::parse_json(text, 1 << 20);
        return parsed.ok() && !Baseline::from_json(*parsed).ok();
    };
    EXPECT_TRUE(refused(R"({"actions": 1, "counts": {"program:a": 2}, "recent": []})"));
    EXPECT_TRUE(refused(R"({"actions": 1, "counts": {"program:a": 0}, "recent": []})"));
    EXPECT_TRUE(refused(R"({"actions": -1, "counts": {}, "recent": []})"));
    EXPECT_TRUE(refused(R"({"actions": 2, "counts": {}, "recent": [5, 4]})"));
    EXPECT_TRUE(refused(R"({"actions": 2, "counts": {}})"));
}

// An agent that makes up program names all day must not grow the gateway, nor push out what is
// usual.
TEST(Baseline, IsBoundedAndKeepsWhatIsUsual) {
    Baseline baseline = trained(200);
    for (std::size_t i = 0; i < limits::kBaselineKeysMax + 5000; ++i) {
        baseline.add(
            features({{"junk" + std::to_string(i)}, EffectKind::Read, Place::Workspace, "/w/src"}),
            kStart.plus(std::chrono::hours(static_cast<long>(i))));
        ASSERT_LE(baseline.counts().size(), limits::kBaselineKeysMax);
    }
    EXPECT_TRUE(baseline.counts().contains("program:git"));
}

TEST(Property, SurpriseStaysWithinItsBounds) {
    const std::uint64_t seed = std::random_device{}();
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 engine(seed);
    const auto word = [&] { return std::string(1, static_cast<char>('a' + engine() % 26)); };
    Baseline baseline;
    for (int i = 0; i < 2000; ++i) {
        const Deed deed{{word(), word()},
                        static_cast<EffectKind>(engine() % model::kEffectKindNames.size()),
                        static_cast<Place>(engine() % model::kPlaceNames.size()),
                        "/" + word() + "/" + word()};
        const Instant time = kStart.plus(std::chrono::milliseconds(engine() % 100'000'000));
        const Surprise out = surprise(baseline, features(deed, time), time);
        ASSERT_GE(out.points, 0);
        ASSERT_LE(out.points, kSurprisePointsMax);
        ASSERT_EQ(out.points == 0, out.reasons.empty());
        baseline.add(features(deed, time), time);
    }
}

}  // namespace
}  // namespace countersign::anomaly
