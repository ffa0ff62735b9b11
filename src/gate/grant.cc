#include "gate/grant.h"

#include <algorithm>

namespace countersign::gate {
namespace {

bool all_known(const model::JudgedCommand& command) {
    return std::all_of(command.argv.begin(), command.argv.end(),
                       [](const auto& word) { return word.has_value(); });
}

/// The start itself stands first; what it wraps follows.
bool named(const model::Assessment& granted, const model::Assessment& inner) {
    if (inner.commands.empty() || inner.commands.front().argv.empty() ||
        !all_known(inner.commands.front())) {
        return false;
    }
    const auto& words = inner.commands.front().argv;
    return std::any_of(granted.commands.begin(), granted.commands.end(),
                       [&](const model::JudgedCommand& command) { return command.argv == words; });
}

bool raises_new(const model::Assessment& granted, const model::Assessment& inner) {
    return std::any_of(
        inner.findings.begin(), inner.findings.end(), [&](const model::Finding& finding) {
            return finding.severity >= model::Severity::High &&
                   std::none_of(
                       granted.findings.begin(), granted.findings.end(),
                       [&](const model::Finding& had) { return had.kind == finding.kind; });
        });
}

}  // namespace

Coverage coverage(const Grant& grant, const model::Assessment& inner) {
    if (inner.tier == model::Tier::Forbidden) {
        return Coverage::Beyond;
    }
    if (named(grant.assessment, inner)) {
        return Coverage::Named;
    }
    if (inner.tier <= grant.assessment.tier && !raises_new(grant.assessment, inner)) {
        return Coverage::Within;
    }
    return Coverage::Beyond;
}

}  // namespace countersign::gate
