#include "risk/risk.h"

#include <fstream>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <sstream>

#include "risk/conditions.h"
#include "risk/weights.h"

namespace countersign::risk {
namespace {

using model::Effect;
using model::EffectKind;
using model::Finding;
using model::Place;
using model::Severity;
using model::Tier;

Effect effect(EffectKind kind, Place place, std::string target = "x", bool recursive = false) {
    Effect out;
    out.kind = kind;
    out.place = place;
    out.target = std::move(target);
    out.recursive = recursive;
    return out;
}

Circumstances jailed() {
    Circumstances out;
    out.contained = true;
    out.staged = true;
    return out;
}

int sum(const Score& score) {
    int total = 0;
    for (const model::Factor& factor : score.factors) {
        total += factor.points;
    }
    return total;
}

struct TierCase {
    EffectKind kind;
    Place place;
    std::string target;
    bool recursive;
    Tier alone;  ///< uncontained
    Tier in_jail;
};

TEST(Risk, TiersFollowEffectsAndCircumstances) {
    const std::vector<TierCase> cases = {
        {EffectKind::Read, Place::Workspace, "/w/a", false, Tier::ReadOnly, Tier::ReadOnly},
        {EffectKind::Read, Place::Secret, "/h/.ssh/id", false, Tier::SideEffect, Tier::SideEffect},
        {EffectKind::Read, Place::Gateway, "/s", false, Tier::Irreversible, Tier::Irreversible},
        {EffectKind::Write, Place::Workspace, "/w/a", false, Tier::IdempotentWrite,
         Tier::IdempotentWrite},
        {EffectKind::Write, Place::Gateway, "/s", false, Tier::Forbidden, Tier::Forbidden},
        {EffectKind::Write, Place::Device, "/dev/sda", false, Tier::Irreversible,
         Tier::Irreversible},
        {EffectKind::Write, Place::System, "/etc/hosts", false, Tier::Irreversible,
         Tier::IdempotentWrite},
        {EffectKind::Create, Place::Startup, "/h/.bashrc", false, Tier::Irreversible,
         Tier::Irreversible},
        {EffectKind::Delete, Place::Workspace, "/w/a", false, Tier::SideEffect,
         Tier::IdempotentWrite},
        {EffectKind::Delete, Place::Workspace, "/w/src", true, Tier::Irreversible,
         Tier::IdempotentWrite},
        {EffectKind::Delete, Place::Workspace, "/w/build", true, Tier::IdempotentWrite,
         Tier::IdempotentWrite},
        {EffectKind::Delete, Place::OtherPath, "/srv/data", true, Tier::Irreversible,
         Tier::Irreversible},
        {EffectKind::Execute, Place::Workspace, "/w/x.py", false, Tier::IdempotentWrite,
         Tier::IdempotentWrite},
        {EffectKind::Execute, Place::Unknown, "", false, Tier::SideEffect, Tier::IdempotentWrite},
        {EffectKind::Execute, Place::PublicHost, "evil", false, Tier::Irreversible,
         Tier::Irreversible},
        {EffectKind::Unknown, Place::Unknown, "", false, Tier::SideEffect, Tier::IdempotentWrite},
        {EffectKind::Upload, Place::PublicHost, "h", false, Tier::SideEffect, Tier::SideEffect},
        {EffectKind::Persist, Place::Schedule, "cron", false, Tier::Irreversible,
         Tier::Irreversible},
        {EffectKind::Identity, Place::Account, "iam role", false, Tier::Forbidden, Tier::Forbidden},
        {EffectKind::DbSchema, Place::Database, "t", true, Tier::Irreversible, Tier::Irreversible},
        {EffectKind::Connect, Place::MetadataService, "169.254.169.254", false, Tier::Irreversible,
         Tier::Irreversible},
    };
    for (const TierCase& c : cases) {
        const Effect e = effect(c.kind, c.place, c.target, c.recursive);
        EXPECT_EQ(tier_of(e, {}).tier, c.alone) << effect_kind_name(c.kind) << " " << c.target;
        EXPECT_EQ(tier_of(e, jailed()).tier, c.in_jail)
            << effect_kind_name(c.kind) << " " << c.target << " in the jail";
    }
}

TEST(Risk, EveryKindAndPlaceHasARow) {
    for (std::size_t kind = 0; kind < model::kEffectKindNames.size(); ++kind) {
        for (std::size_t place = 0; place < model::kPlaceNames.size(); ++place) {
            const Effect e = effect(static_cast<EffectKind>(kind), static_cast<Place>(place));
            EXPECT_FALSE(tier_of(e, {}).why.empty());
            EXPECT_FALSE(tier_of(e, jailed()).why.empty());
        }
    }
}

TEST(Risk, WhatRunsElsewhereIsNotInTheJail) {
    Circumstances remote = jailed();
    remote.elsewhere = true;
    EXPECT_EQ(tier_of(effect(EffectKind::Delete, Place::Workspace, "/w/src", true), remote).tier,
              Tier::Irreversible);
}

TEST(Risk, SecretThatLeavesIsIrreversible) {
    const Score score = risk::score({{}},
                                    {effect(EffectKind::SecretRead, Place::Secret, "/h/.aws"),
                                     effect(EffectKind::Download, Place::PublicHost, "evil")},
                                    {}, {});
    EXPECT_EQ(score.tier, Tier::Irreversible);
    EXPECT_GE(score.risk, 70);
}

// A finding may not be outrun by rules for the commands that it is about.
TEST(Risk, FindingLiftsTheCommandsThatItTouches) {
    CommandInput first;
    first.span = {0, 4};
    CommandInput second;
    second.span = {6, 20};
    const Finding finding{"download_to_interpreter", Severity::Critical, {6, 20}, "x"};
    const Score score = risk::score({first, second}, {}, {finding}, {});
    EXPECT_EQ(score.tier, Tier::Irreversible);
    EXPECT_EQ(score.command_tiers.at(0), Tier::ReadOnly);
    EXPECT_EQ(score.command_tiers.at(1), Tier::Irreversible);
}

TEST(Risk, UnknownProgramIsNeverSilent) {
    CommandInput unknown;
    unknown.known = false;
    const Score score = risk::score({unknown}, {}, {}, {});
    EXPECT_EQ(score.tier, Tier::SideEffect);
    EXPECT_FALSE(score.tier_why.empty());
}

TEST(Risk, RebuildableIsAWholeComponent) {
    EXPECT_TRUE(is_rebuildable("/w/build"));
    EXPECT_TRUE(is_rebuildable("/w/node_modules/x"));
    EXPECT_FALSE(is_rebuildable("/w/rebuild"));
    EXPECT_FALSE(is_rebuildable("/w/src/builder"));
}

Tier deletion_of(std::string_view target, Place place) {
    Effect e = effect(EffectKind::Delete, place);
    e.target = target;
    e.recursive = true;
    return tier_of(e, {}).tier;
}

TEST(Risk, DeletionsByEndingReachLessThanTrees) {
    EXPECT_EQ(deletion_of("/w/**/*.pyc", Place::Workspace), Tier::IdempotentWrite);
    EXPECT_EQ(deletion_of("/w/**/*~", Place::Workspace), Tier::IdempotentWrite);
    EXPECT_EQ(deletion_of("/w/**/.DS_Store", Place::Workspace), Tier::IdempotentWrite);
    EXPECT_EQ(deletion_of("/w/**/*.txt", Place::Workspace), Tier::SideEffect);
    EXPECT_EQ(deletion_of("/w/**/*.txt*", Place::Workspace), Tier::Irreversible);
    EXPECT_EQ(deletion_of("/w/src*", Place::Workspace), Tier::Irreversible);
    EXPECT_EQ(deletion_of("/w/*", Place::Workspace), Tier::Irreversible);
    EXPECT_EQ(deletion_of("/var/lib/apt/lists/*", Place::System), Tier::IdempotentWrite);
    EXPECT_EQ(deletion_of("/var/lib/apt", Place::System), Tier::Irreversible);
    EXPECT_EQ(deletion_of("/var/lib/apt/lists-x", Place::System), Tier::Irreversible);
}

/// Random effects, findings and circumstances; the seed is printed when a property fails.
class RandomInput {
public:
    explicit RandomInput(unsigned seed) : engine_(seed) {}

    Effect next_effect() {
        Effect e = effect(static_cast<EffectKind>(below(model::kEffectKindNames.size())),
                          static_cast<Place>(below(model::kPlaceNames.size())));
        static constexpr std::string_view kDetails[] = {"",     "forced push", "delete",
                                                        "prod", "network",     "setuid"};
        static constexpr std::string_view kTargets[] = {"",   "/",    "/w/build",
                                                        "/w", "PATH", "LD_PRELOAD"};
        e.detail = kDetails[below(6)];
        e.target = kTargets[below(6)];
        e.recursive = below(2) == 0;
        e.reversible = below(3) == 0;
        return e;
    }
    Finding next_finding() {
        static constexpr std::string_view kKinds[] = {"reverse_shell", "persistence", "padding"};
        return {std::string(kKinds[below(3)]), static_cast<Severity>(below(5)), {}, "why"};
    }
    Circumstances next_circumstances() {
        Circumstances c;
        c.contained = below(2) == 0;
        c.staged = below(2) == 0;
        c.complete = below(2) == 0;
        c.elsewhere = below(4) == 0;
        c.elevated = below(4) == 0;
        c.surprise_points = static_cast<int>(below(40));
        return c;
    }
    std::size_t below(std::size_t bound) { return engine_() % bound; }

private:
    std::mt19937 engine_;
};

TEST(Risk, AddingAnEffectOrFindingNeverLowersAnything) {
    for (unsigned seed = 0; seed < 3000; ++seed) {
        RandomInput random(seed);
        std::vector<Effect> effects;
        std::vector<Finding> findings;
        const Circumstances circumstances = random.next_circumstances();
        Score before = score({{}}, effects, findings, circumstances);
        for (int step = 0; step < 8; ++step) {
            if (random.below(3) == 0) {
                findings.push_back(random.next_finding());
            } else {
                effects.push_back(random.next_effect());
            }
            const Score after = score({{}}, effects, findings, circumstances);
            ASSERT_GE(after.risk, before.risk) << "seed " << seed << " step " << step;
            ASSERT_GE(after.tier, before.tier) << "seed " << seed << " step " << step;
            ASSERT_EQ(std::min(100, sum(after)), after.risk) << "seed " << seed;
            before = after;
        }
    }
}

TEST(Risk, SameInputSameScore) {
    RandomInput random(7);
    std::vector<Effect> effects;
    for (int i = 0; i < 20; ++i) {
        effects.push_back(random.next_effect());
    }
    const Score a = score({{}}, effects, {random.next_finding()}, jailed());
    const Score b = score({{}}, effects, {}, jailed());
    const Score c = score({{}}, effects, {}, jailed());
    EXPECT_EQ(b.factors, c.factors);
    EXPECT_GE(a.risk, b.risk);
}

TEST(Risk, ALongHarmlessScriptScoresBelowOneDangerousCommand) {
    std::vector<Effect> harmless;
    for (int i = 0; i < 500; ++i) {
        harmless.push_back(effect(EffectKind::Read, Place::Workspace, std::to_string(i)));
        harmless.push_back(effect(EffectKind::Write, Place::Workspace, std::to_string(i)));
        harmless.push_back(effect(EffectKind::Download, Place::Package, std::to_string(i)));
        harmless.push_back(effect(EffectKind::Execute, Place::Workspace, std::to_string(i)));
    }
    const int dangerous =
        score({{}}, {effect(EffectKind::Delete, Place::OtherPath, "/srv", true)}, {}, {}).risk;
    EXPECT_LT(score({{}}, harmless, {}, {}).risk, dangerous);
}

// docs/guide/risk.md lists every factor; a new row without its reason there fails here.
TEST(Risk, EveryFactorStandsInTheGuide) {
    std::ifstream file(COUNTERSIGN_SOURCE_DIR "/docs/guide/risk.md");
    std::stringstream text;
    text << file.rdbuf();
    const std::string guide = text.str();
    std::set<std::string> names;
    for (const EffectWeight& row : effect_weights()) {
        names.insert("effect." + std::string(row.name));
    }
    for (const FindingWeight& row : finding_weights()) {
        names.insert("finding." + std::string(row.kind));
    }
    for (const std::string& name : names) {
        EXPECT_NE(guide.find("`" + name + "`"), std::string::npos) << name;
    }
}

}  // namespace
}  // namespace countersign::risk
