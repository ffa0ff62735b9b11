#include "risk/risk.h"

#include <algorithm>
#include <array>

#include "base/check.h"
#include "risk/conditions.h"
#include "risk/weights.h"
#include "text/utf8.h"

namespace countersign::risk {
namespace {

using model::Effect;
using model::EffectKind;
using model::Factor;
using model::Finding;
using model::Place;
using model::Tier;

/// A factor before shares are taken, with the tier that comes with it. Most factors of a long text
/// are dropped: the sentence of an effect is written when it is kept (why_of).
struct Weighed {
    Factor factor;
    Tier tier = Tier::ReadOnly;
    const Effect* effect = nullptr;  ///< set: factor.why is not written yet
    std::string_view verb;           ///< what the sentence begins with
};

constexpr std::size_t kShownTargetBytesMax = 160;

EffectKind weighed_kind(EffectKind kind) {
    switch (kind) {
        case EffectKind::Create:
        case EffectKind::Rename:
        case EffectKind::Chmod:
            return EffectKind::Write;
        default:
            return kind;
    }
}

const EffectWeight& weight_of(const Effect& effect, const Circumstances& circumstances) {
    const EffectKind kind = weighed_kind(effect.kind);
    const Conditions holds =
        conditions_of(effect, circumstances, conditions_asked(kind, effect.place));
    for (const EffectWeight& row : effect_weights_from(kind)) {
        if (row.kind == kind && row.where.has(effect.place) && holds.all_of(row.needs) &&
            !holds.any_of(row.lacks)) {
            return row;
        }
    }
    // Every kind ends with a row that always applies; risk_test proves it for each kind and place.
    CHECK(false);
    return effect_weights().front();
}

std::string sentence(std::string_view why, const Effect& effect) {
    std::string text(why);
    if (text.ends_with(':') && effect.target.empty()) {
        text.pop_back();
    }
    if (!effect.target.empty()) {
        text += ' ';
        text += text::visible(effect.target, kShownTargetBytesMax);
    }
    if (!effect.detail.empty()) {
        text += " (" + text::visible(effect.detail, kShownTargetBytesMax) + ")";
    }
    return text;
}

std::string why_of(const Weighed& weighed) {
    return weighed.effect != nullptr ? sentence(weighed.verb, *weighed.effect) : weighed.factor.why;
}

Weighed weigh(const Effect& effect, const Circumstances& circumstances) {
    const EffectWeight& row = weight_of(effect, circumstances);
    return {{"effect." + std::string(row.name), row.points, {}}, row.tier, &effect, row.why};
}

Weighed weigh(const Finding& finding) {
    FindingWeight weight = severity_weight(finding.severity);
    if (finding.severity >= model::Severity::High) {
        for (const FindingWeight& row : finding_weights()) {
            if (row.kind == finding.kind) {
                weight = row;
            }
        }
    }
    return {{"finding." + finding.kind, weight.points, text::visible(finding.why, 400)},
            weight.tier,
            nullptr,
            {}};
}

bool reads_secret(const Effect& effect) {
    return effect.kind == EffectKind::SecretRead ||
           (effect.kind == EffectKind::Read && effect.place == Place::Secret);
}

bool leaves_machine(const Effect& effect) {
    switch (effect.kind) {
        case EffectKind::Upload:
        case EffectKind::Connect:
        case EffectKind::Download:
        case EffectKind::Publish:
            return effect.place != Place::Loopback && effect.place != Place::Package;
        default:
            return false;
    }
}

/// Reading a secret and talking to another machine in one action: the pair is worse than its parts
/// even where no data flow can be shown, since what the reading command printed may be sent.
void weigh_combinations(const std::vector<Effect>& effects, std::vector<Weighed>& all) {
    const auto secret = std::find_if(effects.begin(), effects.end(), reads_secret);
    const auto sends = std::find_if(effects.begin(), effects.end(), leaves_machine);
    if (secret != effects.end() && sends != effects.end()) {
        all.push_back(
            {{"combination.secret_leaves", kPointsSecretLeaves,
              "a secret is read (" + text::visible(secret->target, 100) +
                  ") and another machine is contacted (" + text::visible(sends->target, 100) + ")"},
             Tier::Irreversible,
             nullptr,
             {}});
    }
}

/// One factor per name: the heaviest, so that repetition does not add up.
std::vector<Weighed> heaviest_per_name(std::vector<Weighed> all) {
    std::stable_sort(all.begin(), all.end(), [](const Weighed& a, const Weighed& b) {
        if (a.factor.name != b.factor.name) {
            return a.factor.name < b.factor.name;
        }
        return a.factor.points > b.factor.points;
    });
    const auto last = std::unique(all.begin(), all.end(), [](const Weighed& a, const Weighed& b) {
        return a.factor.name == b.factor.name;
    });
    all.erase(last, all.end());
    std::stable_sort(all.begin(), all.end(), [](const Weighed& a, const Weighed& b) {
        return a.factor.points > b.factor.points;
    });
    return all;
}

/// The heaviest counts in full; the others a quarter each and kLesserPointsMax together.
std::vector<Factor> share(std::vector<Weighed> all) {
    std::vector<Factor> factors;
    int left = kLesserPointsMax;
    for (Weighed& weighed : all) {
        if (!factors.empty()) {
            weighed.factor.points = std::min(left, weighed.factor.points / kLesserShare);
            left -= weighed.factor.points;
        }
        if (weighed.factor.points > 0) {
            weighed.factor.why = why_of(weighed);
            factors.push_back(std::move(weighed.factor));
        }
    }
    return factors;
}

void add_plus(std::vector<Factor>& factors, std::string_view name, int points, std::string why) {
    if (points > 0) {
        factors.push_back({std::string(name), points, std::move(why)});
    }
}

int sum_of(const std::vector<Factor>& factors) {
    int sum = 0;
    for (const Factor& factor : factors) {
        sum += factor.points;
    }
    return sum;
}

/// Takes points off, never below zero in all, so that the factors always sum to the score.
void add_minus(std::vector<Factor>& factors, std::string_view name, int points, std::string why) {
    const int taken = std::min(-points, sum_of(factors));
    if (taken > 0) {
        factors.push_back({std::string(name), -taken, std::move(why)});
    }
}

void add_circumstances(std::vector<Factor>& factors, const std::vector<CommandInput>& commands,
                       const Circumstances& now) {
    const bool unknown_program = std::any_of(commands.begin(), commands.end(),
                                             [](const CommandInput& c) { return !c.known; });
    add_plus(factors, "circumstance.unknown_program", unknown_program ? kPointsUnknownProgram : 0,
             "a program or one of its options is not in the catalogue");
    add_plus(factors, "circumstance.incomplete", now.complete ? 0 : kPointsIncomplete,
             "a part of it can only be known when it runs");
    add_plus(factors, "circumstance.elsewhere", now.elsewhere ? kPointsElsewhere : 0,
             "something runs on another host or in a container");
    add_plus(factors, "circumstance.elevated", now.elevated ? kPointsElevated : 0,
             "something runs with other rights");
    add_plus(factors, "anomaly.surprise", std::clamp(now.surprise_points, 0, kPointsSurpriseMax),
             now.surprise_why);
    add_plus(factors, "purpose.mismatch", std::clamp(now.purpose_points, 0, kPointsPurposeMax),
             "does not fit the stated purpose");
    if (now.contained && !now.elsewhere) {
        add_minus(factors, "circumstance.contained", kPointsContained, "runs inside the jail");
    }
    if (now.staged && !now.elsewhere) {
        add_minus(factors, "circumstance.staged", kPointsStaged,
                  "file changes of the workspace can be undone");
    }
}

bool overlap(model::Span a, model::Span b) {
    const bool either_unknown = a.begin == a.end || b.begin == b.end;
    return either_unknown || (a.begin < b.end && b.begin < a.end);
}

Tier unknown_tier(const Circumstances& circumstances) {
    return weight_of(Effect{}, circumstances).tier;
}

std::vector<Tier> tiers_of_commands(const std::vector<CommandInput>& commands,
                                    const std::vector<Effect>& effects,
                                    const std::vector<Finding>& findings,
                                    const std::vector<Weighed>& effect_weights,
                                    const std::vector<Weighed>& finding_weights,
                                    const Circumstances& circumstances) {
    std::vector<Tier> tiers(commands.size(), Tier::ReadOnly);
    for (std::size_t i = 0; i < effects.size(); ++i) {
        if (effects[i].command < tiers.size()) {
            Tier& tier = tiers[effects[i].command];
            tier = model::stricter(tier, effect_weights[i].tier);
        }
    }
    for (std::size_t i = 0; i < commands.size(); ++i) {
        if (!commands[i].known) {
            tiers[i] = model::stricter(tiers[i], unknown_tier(circumstances));
        }
        for (std::size_t f = 0; f < findings.size(); ++f) {
            if (overlap(findings[f].span, commands[i].span)) {
                tiers[i] = model::stricter(tiers[i], finding_weights[f].tier);
            }
        }
    }
    return tiers;
}

void set_tier(Score& score, const std::vector<Weighed>& all) {
    for (const Weighed& weighed : all) {
        if (weighed.tier > score.tier || score.tier_why.empty()) {
            score.tier = model::stricter(score.tier, weighed.tier);
            score.tier_why = why_of(weighed);
        }
    }
}

}  // namespace

EffectTier tier_of(const Effect& effect, const Circumstances& circumstances) {
    const Weighed weighed = weigh(effect, circumstances);
    return {weighed.tier, why_of(weighed)};
}

Score score(const std::vector<CommandInput>& commands, const std::vector<Effect>& effects,
            const std::vector<Finding>& findings, const Circumstances& circumstances) {
    std::vector<Weighed> of_effects;
    of_effects.reserve(effects.size());
    for (const Effect& effect : effects) {
        of_effects.push_back(weigh(effect, circumstances));
    }
    std::vector<Weighed> of_findings;
    for (const Finding& finding : findings) {
        of_findings.push_back(weigh(finding));
    }
    Score score;
    score.command_tiers =
        tiers_of_commands(commands, effects, findings, of_effects, of_findings, circumstances);
    std::vector<Weighed> all = std::move(of_effects);
    all.insert(all.end(), of_findings.begin(), of_findings.end());
    weigh_combinations(effects, all);
    set_tier(score, all);
    for (const Tier tier : score.command_tiers) {
        if (tier > score.tier) {
            score.tier = tier;
            score.tier_why = "a program or one of its options is not in the catalogue";
        }
    }
    score.factors = share(heaviest_per_name(std::move(all)));
    add_circumstances(score.factors, commands, circumstances);
    score.risk = std::clamp(sum_of(score.factors), 0, 100);
    return score;
}

}  // namespace countersign::risk
