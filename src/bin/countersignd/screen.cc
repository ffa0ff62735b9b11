#include "bin/countersignd/screen.h"

#include <algorithm>

#include "text/utf8.h"

namespace countersign::bin {
namespace {

constexpr std::size_t kShownMax = 24;
constexpr std::size_t kTextMax = 160;

std::string shown(std::string_view text) {
    return text::visible(text, kTextMax);
}

std::string headline(const model::Verdict& verdict) {
    std::string out(model::decision_name(verdict.decision));
    if (verdict.approvals > 0) {
        out += " (" + std::to_string(verdict.approvals) +
               (verdict.approvals == 1 ? " approval)" : " approvals)");
    }
    out += "   tier " + std::string(model::tier_name(verdict.assessment.tier)) + "   risk " +
           std::to_string(verdict.assessment.risk);
    if (verdict.rule) {
        out += "   rule " + shown(*verdict.rule);
    }
    return out + "\n";
}

std::string command_line(const model::JudgedCommand& command) {
    std::string out;
    for (const auto& word : command.argv) {
        out += out.empty() ? "" : " ";
        out += word ? *word : "<unknown>";
    }
    return shown(out) + (command.known ? "" : "   (not known)");
}

std::string effect_line(const model::Effect& effect) {
    std::string out(model::effect_kind_name(effect.kind));
    out += " " + (effect.target.empty() ? std::string("<unknown>") : shown(effect.target));
    out += "  [" + std::string(model::place_name(effect.place)) + "]";
    out += effect.recursive ? " and all below" : "";
    out += effect.conditional ? " perhaps" : "";
    out += effect.reversible ? " (can be undone)" : "";
    return effect.detail.empty() ? out : out + " - " + shown(effect.detail);
}

template <class T, class Line>
std::string section(std::string_view title, const std::vector<T>& list, Line line) {
    if (list.empty()) {
        return {};
    }
    std::string out = "\n" + std::string(title) + "\n";
    for (std::size_t i = 0; i < std::min(list.size(), kShownMax); ++i) {
        out += "  " + line(list[i]) + "\n";
    }
    if (list.size() > kShownMax) {
        out += "  ... and " + std::to_string(list.size() - kShownMax) + " more\n";
    }
    return out;
}

std::string finding_line(const model::Finding& finding) {
    return std::string(model::severity_name(finding.severity)) + " " + finding.kind + ": " +
           shown(finding.why);
}

std::string factor_line(const model::Factor& factor) {
    std::string points = (factor.points < 0 ? "" : "+") + std::to_string(factor.points);
    points.insert(0, points.size() < 4 ? 4 - points.size() : 0, ' ');
    return points + "  " + factor.name + ": " + shown(factor.why);
}

}  // namespace

std::string short_screen(const model::Verdict& verdict) {
    std::string out = headline(verdict);
    out += "  why: " + shown(verdict.reason) + "\n";
    for (const model::Finding& finding : verdict.assessment.findings) {
        if (finding.severity >= model::Severity::Medium) {
            out += "  finding: " + finding_line(finding) + "\n";
        }
    }
    if (!verdict.hint.empty()) {
        out += "  instead: " + shown(verdict.hint) + "\n";
    }
    return out;
}

std::string long_screen(const model::Verdict& verdict, const std::string& tier_why,
                        const std::vector<policy::Evaluator::Trace>& trace) {
    const model::Assessment& assessment = verdict.assessment;
    std::string out = headline(verdict);
    out += "  why: " + shown(verdict.reason) + "\n";
    if (!tier_why.empty()) {
        out += "  tier: " + shown(tier_why) + "\n";
    }
    if (!assessment.complete) {
        out += "  not everything in it can be known\n";
    }
    out += section("It would run", assessment.commands, command_line);
    out += section("It would", assessment.effects, effect_line);
    out += section("Noticed", assessment.findings, finding_line);
    out += section("Score", assessment.factors, factor_line);
    std::vector<policy::Evaluator::Trace> matched;
    std::copy_if(trace.begin(), trace.end(), std::back_inserter(matched),
                 [](const policy::Evaluator::Trace& step) { return step.matched; });
    out += section("Rules that match", matched, [](const policy::Evaluator::Trace& step) {
        return shown(step.rule) + ": " + shown(step.why);
    });
    out += "\n" + std::to_string(trace.size()) + " rules were looked at; policy " + verdict.policy +
           "\n";
    if (!verdict.hint.empty()) {
        out += "Instead: " + shown(verdict.hint) + "\n";
    }
    return out;
}

}  // namespace countersign::bin
